/** Words for what goes wrong on the way to another host. */
import { sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type SshCode =
  | "SSH_NAME_UNKNOWN"
  | "SSH_UNREACHABLE"
  | "SSH_TIMEOUT"
  | "SSH_HOST_KEY_UNKNOWN"
  | "SSH_HOST_KEY_CHANGED"
  | "SSH_HOST_KEY_REVOKED"
  | "SSH_HOST_KEY_REFUSED"
  | "SSH_AUTH_FAILED"
  | "SSH_NO_COMMON_ALGORITHM"
  | "SSH_CONNECTION_LOST"
  | "SSH_COMMAND_TIMEOUT"
  | "SSH_FORWARD_DENIED"
  | "SSH_FORWARD_FAILED"
  | "SSH_NOT_INSTALLED"
  | "SSH_CONFIG_BROKEN";

/** The way to see for oneself what SSH does. A name may hold its port: `user@host:port`. */
function trySsh(name: string, given?: number): string {
  return quoteLine(["ssh", "-v", ...sshArguments(name, given)]);
}

/** A host as the programs of OpenSSH take it. */
export function sshArguments(name: string, given?: number): readonly string[] {
  const [, user = "", bracketed, plain, within] = /^([^@]*@)?(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(name) ?? [];
  const port = within === undefined ? given : Number(within);
  const host = within === undefined ? name : `${user}${bracketed ?? plain}`;
  return [...(port === undefined || port === 22 ? [] : ["-p", String(port)]), host];
}

/** As known_hosts names a server. */
function knownName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** A place in a file of known hosts, `PATH:LINE`, without its line. */
function fileOf(place: string): string {
  return place.replace(/:\d+$/, "");
}

function at(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export const sshWords: WordsFor<SshCode> = {
  SSH_NAME_UNKNOWN: ({ host }) => ({
    message: `The name "${host}" has no address.`,
    remedies: [quoteLine(["getent", "hosts", host]), "Use an address, or a Host of your ~/.ssh/config"],
  }),
  SSH_UNREACHABLE: ({ host, port, reason, login }) => ({
    message: `No SSH server could be reached at ${at(host, port)}: ${sentence(reason)}`,
    remedies: [login === undefined ? trySsh(host, port) : trySsh(login)],
  }),
  SSH_TIMEOUT: ({ host, port, seconds, login }) => ({
    message: `The SSH server at ${at(host, port)} did not answer within ${seconds} seconds.`,
    remedies: [login === undefined ? trySsh(host, port) : trySsh(login), "Wait longer: --timeout SECONDS"],
  }),
  SSH_HOST_KEY_UNKNOWN: ({ host, port, keyType, fingerprint }) => ({
    message:
      `${at(host, port)} shows a ${keyType} key that no known_hosts file has, and there is nobody to ask. ` +
      `Its fingerprint is ${fingerprint}.`,
    remedies: [
      "Compare it on the server: for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done",
      `If it is the same: ${quoteLine(["--accept-host-key", fingerprint])}`,
    ],
  }),
  SSH_HOST_KEY_CHANGED: ({ host, port, keyType, fingerprint, knownHosts }) => ({
    message:
      `${at(host, port)} shows another key than ${knownHosts} has for it: a ${keyType} key, ${fingerprint}. ` +
      "Either the server was set up anew, or somebody is in between. Nothing was sent.",
    remedies: [
      "Ask whoever runs the server whether its key changed",
      `If it did: ${quoteLine(["ssh-keygen", "-R", knownName(host, port), "-f", fileOf(knownHosts)])}`,
    ],
  }),
  SSH_HOST_KEY_REVOKED: ({ host, port, fingerprint, knownHosts }) => ({
    message: `${at(host, port)} shows the key ${fingerprint}, which ${knownHosts} marks as revoked. Nothing was sent.`,
    remedies: ["Ask whoever runs the server for its new key"],
  }),
  SSH_HOST_KEY_REFUSED: ({ host, port, keyType, fingerprint, accepted }) => ({
    message: `${at(host, port)} shows a ${keyType} key ${fingerprint}, not the accepted ${accepted}. Nothing was sent.`,
    remedies: ["Ask whoever runs the server which fingerprint is right"],
  }),
  SSH_AUTH_FAILED: ({ host, user, tried }) => ({
    message:
      `${host} did not let ${user} in. ` +
      (tried.length === 0 ? "There was no key or password to try." : `Tried: ${sentence(tried.join(", "))}`),
    remedies: [
      trySsh(user === "" || host.includes("@") ? host : `${user}@${host}`),
      "Without a terminal: a key in the agent (ssh-add), or REGCTL_SSH_PASSWORD, which jump hosts do not get",
    ],
  }),
  SSH_NO_COMMON_ALGORITHM: ({ host, reason }) => ({
    message: `${host} and the built-in SSH client have no algorithm in common: ${sentence(reason)}`,
    remedies: ["Use the SSH client installed here: --ssh openssh"],
  }),
  SSH_CONNECTION_LOST: ({ host, reason }) => ({
    message: `The connection to ${host} was lost: ${sentence(reason)}`,
    remedies: ["Run the same command again: it starts from what it finds"],
  }),
  SSH_COMMAND_TIMEOUT: ({ host, command, seconds }) => ({
    message: `A command on ${host} did not end within ${seconds} seconds (${command}).`,
    remedies: [trySsh(host)],
  }),
  SSH_FORWARD_DENIED: ({ host, destination, reason, listening = false }) => ({
    message: `${host} does not ${listening ? "let us listen at" : "allow a connection to"} ${destination}: ${sentence(reason)}`,
    remedies: [
      `On ${host}, see AllowTcpForwarding and ${listening ? "PermitListen" : "PermitOpen"}: sudo sshd -T`,
    ],
  }),
  SSH_FORWARD_FAILED: ({ host, destination, reason }) => ({
    message: `${host} could not connect to ${destination}: ${sentence(reason)}`,
    remedies: [`On ${host}, see what listens: ss -ltn`],
  }),
  SSH_NOT_INSTALLED: ({ reason }) => ({
    message: `OpenSSH's client cannot be used here: ${sentence(reason)}`,
    remedies: ["sudo apt install openssh-client", "Use the built-in client: --ssh node"],
  }),
  SSH_CONFIG_BROKEN: ({ path, problem }) => ({
    message: `${path} cannot be used: ${sentence(problem)}`,
    remedies: [quoteLine(["ssh", "-G", "-F", path, "host"])],
  }),
};
