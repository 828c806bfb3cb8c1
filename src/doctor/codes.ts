/** The causes that doctor can name: those of error texts where one fits, and these. */
import type { CauseCode } from "../explain/messages/cause-codes.ts";

/** What each means; docs/doctor.md shows the table. */
export const doctorCodes = {
  CONFIG_NOT_IN_FORCE: "the engine's file says what the running engine does not have",
  ENGINE_REFUSES: "the engine does not get to a registry that its host reaches",
  PROXY_IN_THE_WAY: "a proxy fails where the direct way is open",
  REGISTRY_SILENT: "the address swallows what is sent to it",
  NOT_HTTP: "something listens that speaks neither HTTPS nor HTTP",
  INSECURE_WITHOUT_NEED: "a certificate that is trusted is switched off by a list of insecure registries",
  TLS_NAME_WANTED: "the server ends the handshake with who names no server, or one that it does not have",
  CERTIFICATE_INTERMEDIATE_MISSING: "the server shows its certificate without the one that signed it",
  CLOCK_WRONG: "the clocks of the two sides are minutes apart",
  LOGIN_ELSEWHERE: "a login is stored for another name of the same host",
  LOGINS_UNREADABLE: "the file of logins is not valid",
  CATALOG_CLOSED: "the registry does not list its repositories for this user",
  READ_ONLY: "the registry takes no images",
  LOCATION_SCHEME: "uploads are led from HTTPS to HTTP, or the reverse",
  LOCATION_HOST: "uploads are led to a name that only the server knows",
  BUILDER_APART: "the builder does not read the engine's settings",
} as const;

export type DoctorCode = CauseCode | keyof typeof doctorCodes;
