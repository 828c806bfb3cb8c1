/**
 * What engines, their service managers and registries say, and what it means. The first row that matches decides,
 * so the exact ones stand above the general ones.
 */

/** `protocol`: HTTP met HTTPS. `trust`: a certificate. `config`: the engine refuses its settings. */
export type EngineMessageKind =
  | "protocol"
  | "trust"
  | "unreachable"
  | "auth"
  | "not-found"
  | "config"
  | "engine-down"
  | "other";

export interface EngineMessage {
  readonly id: string;
  readonly kind: EngineMessageKind;
  /** One or two sentences. */
  readonly cause: string;
  readonly remedy: string;
}

interface Row extends EngineMessage {
  /** A part of the message, letter by letter, or an expression. */
  readonly match: string | RegExp;
}

const journal = "sudo journalctl -u docker -n 50";

export const engineMessages: readonly Row[] = [
  {
    id: "http-to-https-client",
    match: "server gave HTTP response to HTTPS client",
    kind: "protocol",
    cause:
      "The registry speaks plain HTTP, and the engine does not have exactly this host and port as insecure.",
    remedy: "regctl setup insecure HOST:PORT, with exactly the host and port that the message names",
  },
  {
    id: "https-to-http-client",
    match: "Client sent an HTTP request to an HTTPS server",
    kind: "protocol",
    cause: "The registry speaks HTTPS and was asked in plain HTTP.",
    remedy: "Use it without insecure: regctl setup undo HOST:PORT",
  },
  {
    id: "old-engine-http",
    match: /tls: oversized record received|v1 ping attempt failed/,
    kind: "protocol",
    cause: "A very old engine asked a plain HTTP registry in HTTPS.",
    remedy: "regctl setup insecure HOST:PORT",
  },
  {
    id: "unknown-authority",
    match: "x509: certificate signed by unknown authority",
    kind: "trust",
    cause: "The engine does not know who signed the registry's certificate.",
    remedy: "Put the CA as PEM in /etc/docker/certs.d/HOST:PORT/ca.crt",
  },
  {
    id: "common-name-only",
    match: "certificate relies on legacy Common Name field",
    kind: "trust",
    cause: "The registry's certificate has its name only as Common Name, which engines no longer read.",
    remedy: "Issue the certificate again with a subjectAltName",
  },
  {
    id: "no-names",
    match: "x509: certificate is not valid for any names",
    kind: "trust",
    cause: "The registry's certificate names no host, only addresses.",
    remedy: "Issue the certificate again with a DNS name as subjectAltName, or use the address",
  },
  {
    id: "no-ip-names",
    match: /cannot validate certificate for .* because it doesn't contain any IP SANs/,
    kind: "trust",
    cause: "The registry was asked by its address, and its certificate names only hosts.",
    remedy: "Use the registry's name, or issue the certificate again with the address as subjectAltName",
  },
  {
    id: "wrong-name",
    match: /x509: certificate is valid for .*, not /,
    kind: "trust",
    cause: "The registry's certificate is for another name.",
    remedy: "Use a name that the certificate has, or issue it again with this one",
  },
  {
    id: "expired",
    match: "x509: certificate has expired or is not yet valid",
    kind: "trust",
    cause: "The registry's certificate is out of its time, or the clock of the engine's host is wrong.",
    remedy: "Compare the clock (date -u) with the certificate, then renew it",
  },
  {
    id: "client-certificate",
    match: /missing key .* for client certificate|Missing client certificate .* for key/i,
    kind: "trust",
    cause: "A CA was stored with the ending .cert, or half of a client certificate is missing.",
    remedy: "In /etc/docker/certs.d/HOST:PORT a CA ends in .crt; a client has NAME.cert and NAME.key",
  },
  {
    id: "proxy-dead",
    match: "proxyconnect tcp",
    kind: "unreachable",
    cause: "The engine goes through a proxy, and that proxy does not answer.",
    remedy: "See the proxy: docker info --format '{{.HTTPProxy}} {{.HTTPSProxy}} {{.NoProxy}}'",
  },
  {
    id: "proxy-refused",
    match: /Get "?https?:\/\/[^ ]+"?: (Forbidden|Service Unavailable|Bad Gateway)/,
    kind: "unreachable",
    cause: "A proxy refused to pass the engine on to the registry.",
    remedy: "Add the registry to NO_PROXY of the engine",
  },
  {
    id: "cannot-connect-engine",
    match: "Cannot connect to the Docker daemon",
    kind: "engine-down",
    cause: "The engine is not running, or the docker command looks for it in another place.",
    remedy: "sudo systemctl start docker; docker context ls",
  },
  {
    id: "connection-refused",
    match: /connection refused|ECONNREFUSED/,
    kind: "unreachable",
    cause: "The host answers, and nothing listens on this port. A reference without a port means 443.",
    remedy: "Start the registry, or name its port: HOST:PORT",
  },
  {
    id: "no-such-host",
    match: /no such host|ENOTFOUND/,
    kind: "unreachable",
    cause: "The name has no address where the engine runs.",
    remedy: "On the engine's host: getent hosts NAME",
  },
  {
    id: "resolver-broken",
    match: /server misbehaving|EAI_AGAIN|Temporary failure in name resolution/,
    kind: "unreachable",
    cause: "The name server of the engine's host does not answer properly.",
    remedy: "On the engine's host: cat /etc/resolv.conf; getent hosts NAME",
  },
  {
    id: "no-route",
    match: /network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/,
    kind: "unreachable",
    cause: "There is no way through the network from the engine's host to the registry.",
    remedy: "On the engine's host: ip route get ADDRESS",
  },
  {
    id: "timeout",
    match: /TLS handshake timeout|i\/o timeout|context deadline exceeded|Client\.Timeout exceeded|ETIMEDOUT/,
    kind: "unreachable",
    cause: "The address does not answer in time: a firewall, or something else listens there.",
    remedy: "On the engine's host: curl -v http://HOST:PORT/v2/",
  },
  {
    id: "flag-and-file",
    match: "specified both as a flag and in the configuration file",
    kind: "config",
    cause: "The engine takes this setting either from its flags or from daemon.json, never from both.",
    remedy: "Take it out of one: systemctl cat docker; cat /etc/docker/daemon.json",
  },
  {
    id: "unknown-option",
    match: "don't match any configuration option",
    kind: "config",
    cause: "daemon.json has a key that this engine does not know: mistyped, or too new for it.",
    remedy: "Take the key out: sudoedit /etc/docker/daemon.json",
  },
  {
    id: "not-a-list",
    match: /cannot unmarshal .* into Go (struct field|value)/,
    kind: "config",
    cause: "A key of daemon.json has a value of the wrong type; insecure-registries takes a list.",
    remedy: 'Make it a list, "insecure-registries": ["HOST:PORT"]: sudoedit /etc/docker/daemon.json',
  },
  {
    id: "bad-entry",
    match: /insecure registry .* is not valid/,
    kind: "config",
    cause:
      "The engine does not accept an entry of its insecure registries: it takes HOST, HOST:PORT or a CIDR.",
    remedy: "Write the entry without scheme and path: sudoedit /etc/docker/daemon.json",
  },
  {
    id: "bad-mirror",
    match: "invalid mirror:",
    kind: "config",
    cause:
      "The engine does not accept a mirror: it takes http:// or https:// with a host and no credentials.",
    remedy: "Correct registry-mirrors: sudoedit /etc/docker/daemon.json",
  },
  {
    id: "not-a-registry",
    match: /error parsing HTTP 4\d\d response body: invalid character/,
    kind: "not-found",
    cause: "Something answered that is no registry: a proxy, or a web server.",
    remedy: "On the engine's host: curl -v http://HOST:PORT/v2/",
  },
  {
    id: "pid-file",
    match: /pid file found, ensure docker is not running|process with PID \d+ is still running/,
    kind: "config",
    cause: "Another engine runs here, or one died and a different process now has its number.",
    remedy: "See which process it is before deleting the file: ps -p $(cat /var/run/docker.pid)",
  },
  {
    id: "start-limit",
    match: /[Ss]tart request repeated too quickly/,
    kind: "config",
    cause: "The engine failed to start several times in a row, and systemd gave up.",
    remedy: `${journal}; then: sudo systemctl reset-failed docker && sudo systemctl start docker`,
  },
  {
    id: "no-reload",
    match: "Job type reload is not applicable",
    kind: "config",
    cause: "The service of this engine has no reload.",
    remedy: "sudo kill -HUP $(cat /var/run/docker.pid)",
  },
  {
    id: "broken-json",
    match:
      /invalid character .* (looking for|after|in|at)|unexpected end of JSON input|unable to configure the Docker daemon.*EOF/,
    kind: "config",
    cause: "A configuration file is not valid JSON, or is empty.",
    remedy: "python3 -m json.tool /etc/docker/daemon.json",
  },
  {
    id: "no-credentials",
    match: "no basic auth credentials",
    kind: "auth",
    cause: "The registry wants a login, and there is none for exactly this host and port.",
    remedy: "docker login HOST:PORT",
  },
  {
    id: "unauthorized",
    match: /\bunauthorized\b|401 Unauthorized/i,
    kind: "auth",
    cause: "The registry did not accept the login.",
    remedy: "docker login HOST:PORT",
  },
  {
    id: "denied",
    match: /\bdenied: |pull access denied/,
    kind: "auth",
    cause: "The registry knows who asks and does not allow it, or the name lacks the registry's host.",
    remedy: "Write the name with its registry: HOST:PORT/NAME:TAG",
  },
  {
    id: "not-found",
    match: /manifest unknown|manifest for .* not found|repository name not known/,
    kind: "not-found",
    cause: "The registry has no such name or tag.",
    remedy: "curl http://HOST:PORT/v2/_catalog",
  },
  {
    id: "bad-gateway",
    match: /received unexpected HTTP status: 50\d/,
    kind: "unreachable",
    cause: "The registry, or the proxy in front of it, is in trouble.",
    remedy: "See the log of the registry",
  },
  {
    id: "dropped",
    match: /connection reset by peer|ECONNRESET|\bEOF\b/,
    kind: "unreachable",
    cause: "The connection was dropped: often HTTPS sent to a plain HTTP server, or a firewall.",
    remedy: "On the engine's host: curl -v http://HOST:PORT/v2/",
  },
];

/** What a message means, or undefined when no row knows it: then it is passed on whole. */
export function explainEngineMessage(text: string): EngineMessage | undefined {
  const row = engineMessages.find(({ match }) =>
    typeof match === "string" ? text.includes(match) : match.test(text),
  );
  if (row === undefined) return undefined;
  const { match: _, ...message } = row;
  return message;
}
