/** OpenSSH, alone or behind docker and tunnels. */
import type { MessageRow } from "./row.ts";

const who = "SSH";
const look = "ssh -v USER@HOST";

export const sshRows: readonly MessageRow[] = [
  {
    id: "ssh-key-changed",
    says: "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!",
    match: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S{1,253} has changed/,
    who,
    means: () => ({
      code: "SSH_HOST_KEY_CHANGED",
      message:
        "The server shows another key than the one that is known: it was set up anew, or somebody is in between.",
      remedies: ["Ask whoever runs the server whether its key changed", "If it did: ssh-keygen -R HOST"],
    }),
  },
  {
    id: "ssh-key-unknown",
    says: "Host key verification failed.",
    match: /Host key verification failed/,
    who,
    means: () => ({
      code: "SSH_HOST_KEY_UNKNOWN",
      message: "The server's key is in no known_hosts file, and there was nobody to ask.",
      remedies: [`Once, in a terminal: ${look}`, "In regctl: --accept-host-key SHA256:…"],
    }),
  },
  {
    id: "ssh-refused-login",
    says: "Permission denied (publickey,password).",
    match:
      /Permission denied \((?<methods>[a-z0-9,-]{1,100})\)|Permission denied, please try again|Too many authentication failures/,
    who,
    means: ({ part }) => ({
      code: "SSH_AUTH_FAILED",
      message: `The server did not let this user in; it takes ${part("methods", "a key or a password")}.`,
      remedies: ["ssh-add -l", look, "ssh-copy-id USER@HOST"],
    }),
  },
  {
    id: "ssh-name",
    says: "ssh: Could not resolve hostname HOST: Name or service not known",
    match: /Could not resolve hostname (?<name>[A-Za-z0-9.-]{1,253})(?:: [^\n]{0,60})?/,
    who,
    means: ({ part }) => ({
      code: "SSH_NAME_UNKNOWN",
      message: `There is no address for the name ${part("name", "")}.`,
      remedies: [`getent hosts ${part("name", "HOST")}`, "Use an address, or a Host of your ~/.ssh/config"],
    }),
  },
  {
    id: "ssh-unreachable",
    says: "ssh: connect to host HOST port 22: Connection refused",
    match: /connect to host (?<name>\S{1,253}) port (?<port>\d{1,5}): (?<why>[A-Z][\w ]{1,60})/,
    who,
    means: ({ part }) => ({
      code: "SSH_UNREACHABLE",
      message: `No SSH server could be reached at ${part("name", "")} port ${part("port", "22")}: ${part("why", "")}.`,
      remedies: [`ssh -v -p ${part("port", "22")} USER@HOST`],
    }),
  },
  {
    id: "ssh-too-many",
    says: "kex_exchange_identification: Connection closed by remote host",
    match:
      /kex_exchange_identification: |ssh_exchange_identification: |Exceeded MaxStartups|Session open refused by peer|channel \d{1,5}: open failed: resource shortage/,
    who,
    means: () => ({
      code: "SSH_CONNECTION_LOST",
      message:
        "The server hung up at once: too many connections at a time (MaxStartups, MaxSessions), or a filter of addresses.",
      remedies: [
        "On the server: sudo sshd -T | grep -i max",
        "One connection for all: regctl tunnel USER@SERVER",
      ],
    }),
  },
  {
    id: "ssh-forward-denied",
    says: "channel 3: open failed: administratively prohibited: open failed",
    match: /administratively prohibited|remote port forwarding failed|Warning: remote port forwarding failed/,
    who,
    means: () => ({
      code: "SSH_FORWARD_DENIED",
      message: "The server allows no forward, or not to this address.",
      remedies: ["On the server: sudo sshd -T | grep -iE 'allowtcpforwarding|permitopen|gatewayports'"],
    }),
  },
  {
    id: "ssh-forward-failed",
    says: "channel 3: open failed: connect failed: Connection refused",
    match: /channel \d{1,5}: open failed: connect failed: (?<why>[^\n]{1,60})/,
    who,
    means: ({ part }) => ({
      code: "SSH_FORWARD_FAILED",
      message: `The tunnel stands, and behind it the server could not reach the registry: ${part("why", "").trim().replace(/\.$/, "")}.`,
      remedies: ["On the server, see what listens: ss -ltn", "On the server: regctl serve --detach"],
    }),
  },
  {
    id: "ssh-port-held",
    says: "bind [127.0.0.1]:5000: Address already in use",
    match:
      /bind \[?[\w.:]{1,60}\]?:\d{1,5}: Address already in use|cannot listen to port: \d{1,5}|Could not request local forwarding|listen tcp4? \S{1,60}: bind: address already in use|EADDRINUSE/,
    who: "SSH, engines and servers",
    means: () => ({
      code: "PORT_HELD",
      message:
        "Somebody listens at this port of this machine already: often an older tunnel, or AirPlay at port 5000 of a Mac.",
      remedies: ["See who: ss -ltnp; lsof -nP -iTCP -sTCP:LISTEN", "regctl serve --listen 127.0.0.1:0"],
    }),
  },
  {
    id: "ssh-missing",
    says: 'exec: "ssh": executable file not found in $PATH',
    match: /exec: "ssh": executable file not found/,
    who,
    means: () => ({
      code: "SSH_NOT_INSTALLED",
      message: "The program ssh is not installed, and docker needs it to reach an engine over SSH.",
      remedies: ["sudo apt install openssh-client"],
    }),
  },
];
