/** Docker's credential helpers, and the files that name them. */
import type { MessageRow } from "./row.ts";

const who = "credential helpers";
const config = "See which one is named: cat ~/.docker/config.json";

export const credentialRows: readonly MessageRow[] = [
  {
    id: "helper-missing",
    says: 'error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',
    match: /exec: "(?<helper>docker-credential-[\w.-]{1,60})": executable file not found/,
    who,
    means: ({ part, registry }) => ({
      code: "CREDENTIAL_HELPER_FAILED",
      message: `config.json names ${part("helper", "a credential helper")}, and there is no such program; even pulls without a login fail then.`,
      remedies: [
        'Take "credsStore" out of ~/.docker/config.json, or install the helper',
        config,
        `regctl login ${registry}`,
      ],
    }),
  },
  {
    id: "keyring-missing",
    says: "The name org.freedesktop.secrets was not provided by any .service files",
    match:
      /org\.freedesktop\.secrets|Cannot autolaunch D-Bus without X11|secret service[^\n]{0,40}(?:locked|not available)|Cannot create an item in a locked collection/i,
    who,
    means: () => ({
      code: "CREDENTIAL_HELPER_FAILED",
      message: "The credential helper needs a keyring of a desktop, and there is none here, or it is locked.",
      remedies: ['Use another helper, such as pass, in ~/.docker/config.json: "credsStore": "pass"', config],
    }),
  },
  {
    id: "pass-uninitialised",
    says: "pass not initialized: exit status 1: Error: password store is empty",
    match: /pass not initialized|password store is empty|pass store is uninitialized/,
    who,
    means: () => ({
      code: "CREDENTIAL_HELPER_FAILED",
      message: "The credential helper pass has no store yet.",
      remedies: ["gpg --generate-key", "pass init KEY-ID"],
    }),
  },
  {
    id: "keychain-locked",
    says: "error getting credentials - err: exit status 1, out: `User interaction is not allowed.`",
    match:
      /User interaction is not allowed|keychain cannot be accessed because the current session|A specified logon session does not exist/,
    who,
    means: () => ({
      code: "CREDENTIAL_HELPER_FAILED",
      message: "The keychain is locked for this session: over SSH nobody can be asked.",
      remedies: ["security unlock-keychain", config],
    }),
  },
  {
    id: "helper-failed",
    says: "error getting credentials - err: exit status 1, out: ``",
    match:
      /error (?:getting|storing|listing|erasing) credentials - err: (?<why>[^\n]{0,200})|credentials not found in native keychain|error logging in with (?<helper>docker-credential-[\w.-]{1,60})/,
    who,
    means: ({ part }) => ({
      code: "CREDENTIAL_HELPER_FAILED",
      message: `The credential helper failed: ${part("why", "it does not say why").replace(/[.:]?$/, "")}.`,
      remedies: ["Try it alone: docker-credential-NAME list", config],
    }),
  },
  {
    id: "config-unreadable",
    says: "WARNING: Error loading config file: /home/me/.docker/config.json: unexpected EOF",
    match: /Error (?:loading|parsing) config file:? \(?(?<path>\/[^\s:)]{1,300})\)?: (?<why>[^\n]{1,120})/,
    who: "docker",
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `The docker command cannot read ${part("path", "its config.json")} (${part("why", "")}), so it has no logins.`,
      remedies: [`ls -l ${pasted(part("path", ""))}; python3 -m json.tool ${pasted(part("path", ""))}`],
    }),
  },
];

const pasted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : "~/.docker/config.json");
