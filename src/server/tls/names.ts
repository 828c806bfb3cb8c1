/** Under which names and addresses clients may reach the server. Pure. */
import { parseIp } from "../../ip-network.ts";

export interface MachineNames {
  readonly hostname: string;
  /** Of its network interfaces. */
  readonly addresses: readonly string[];
}

/** Docker Desktop's and podman's name for the machine they run on. */
const alwaysNamed = ["localhost", "host.docker.internal"];
/** Long lists slow every handshake down, and machines with hundreds of bridges have them. */
const most = 64;

/** What a certificate is made for: the address listened at, then everything by which this machine is known. */
export function namesOf(listenHost: string, machine: MachineNames): readonly string[] {
  const short = machine.hostname.split(".")[0] ?? "";
  const addresses = [...machine.addresses, "127.0.0.1", "::1"].filter((address) => !isLinkLocal(address));
  const all = [listenHost, machine.hostname, short, ...alwaysNamed, ...addresses].filter(isName);
  return [...new Set(all.map((name) => name.toLowerCase()))].slice(0, most);
}

/** With a zone, it would mean something else on every machine. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address) || address.includes("%");
}

function isName(name: string): boolean {
  const everywhere = name === "0.0.0.0" || name === "::";
  return !everywhere && (parseIp(name) !== null || /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(name));
}
