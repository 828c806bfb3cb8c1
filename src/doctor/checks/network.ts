/** From the engine's host to the port of the registry: names, proxies, a connection, and what is spoken there. */
import { quoteLine } from "../../explain/quote.ts";
import { parseIp } from "../../ip-network.ts";
import type { Check } from "../check.ts";
import type { Facts, ServerLook, Target } from "../facts.ts";
import { type Finding, failed, ok, skipped, warning } from "../finding.ts";
import { on, onFlag, prefixed } from "./engine.ts";
import { judgeTcp } from "./tcp.ts";

export const networkChecks: readonly Check[] = [
  { id: "name", needs: [], judge: withRegistry(judgeName) },
  { id: "proxy", needs: [], judge: (facts) => judgeHidden(facts) ?? withServer(judgeProxy)(facts) },
  { id: "tcp", needs: ["tunnel", "name", "proxy"], judge: withServer(judgeTcp) },
  { id: "protocol", needs: ["tcp"], judge: withServer(judgeProtocol) },
];

type Known = Facts & { readonly registry: Target; readonly server: ServerLook };

function withRegistry(judge: (facts: Facts & { readonly registry: Target }) => Finding | null) {
  return (facts: Facts): Finding | null =>
    facts.registry === null ? null : judge({ ...facts, registry: facts.registry });
}

export function withServer(judge: (facts: Known) => Finding | null) {
  return ({ registry, server, ...rest }: Facts): Finding | null =>
    registry === null || server === null ? null : judge({ ...rest, registry, server });
}

function judgeName({ name, registry, server, host }: Facts & { readonly registry: Target }): Finding | null {
  if (name === null) return null;
  if (name.kind === "address") return ok(`${registry.host} is an address.`);
  if (name.kind === "found") return ok(`${registry.host} is ${name.addresses.join(", ")}${on(host)}.`);
  if (server !== null && server.proxy !== null && server.connect === null) {
    return skipped(`${registry.host} has no address here; the proxy finds it.`);
  }
  const asked = name.resolvers.length === 0 ? "" : ` It asks ${name.resolvers.join(", ")}.`;
  if (name.kind === "unknown") {
    return failed({
      code: "NAME_UNKNOWN",
      message: `There is no address for the name ${registry.host}${on(host)}.${asked}`,
      remedies: [
        "Check how the name is spelled, and whether the network or VPN that knows it is up",
        `Where there is no name server for it: ${prefixed(host, `echo 'ADDRESS ${registry.host}' | sudo tee -a /etc/hosts`)}`,
      ],
    });
  }
  return failed({
    code: "NAME_UNANSWERED",
    message: `The name server${on(host)} does not answer for ${registry.host}.${asked}`,
    remedies: [
      prefixed(host, "cat /etc/resolv.conf"),
      prefixed(host, quoteLine(["getent", "hosts", registry.host])),
    ],
  });
}

function judgeHidden({ hiddenProxy, host }: Facts): Finding | null {
  if (hiddenProxy === null) return null;
  return skipped(
    `The engine${on(host)} goes through the proxy ${hiddenProxy} with a login that it does not show: what lies behind it, the engine alone can say.`,
  );
}

/** A connection that failed on the way to the proxy, or there. */
function judgeProxy({ server, registry, host }: Known): Finding | null {
  const { proxy, connect, directly } = server;
  if (proxy === null) return ok("There is no proxy on the way.");
  const whose = server.proxyFrom === "engine" ? `the engine${on(host)}` : "the environment";
  if (connect?.kind !== "proxy" && connect?.kind !== "refused-by-proxy") {
    return ok(`The way goes through the proxy ${proxy}, which ${whose} names.`);
  }
  const said = `The proxy ${proxy}, which ${whose} names, does not lead to ${registry.registry}: ${connect.reason}.`;
  const remedies = exempt(registry, server, host);
  if (directly === true) {
    const message = `${said} Without the proxy there is a way.`;
    return failed({ code: "PROXY_IN_THE_WAY", message, remedies });
  }
  const code = connect.kind === "proxy" ? "PROXY_UNREACHABLE" : "PROXY_REFUSES";
  return failed({
    code,
    message: said,
    remedies: [...remedies, `See the proxy: ${quoteLine(["curl", "-v", proxy])}`],
  });
}

/** What takes a registry out of the proxy's way, ready to paste. */
function exempt({ host: name }: Target, { noProxy, proxyFrom }: ServerLook, host: string): readonly string[] {
  const list = [noProxy, name].filter((entry) => entry !== "").join(",");
  if (proxyFrom === "environment") return [`export NO_PROXY=${list}`];
  const unit = "/etc/systemd/system/docker.service.d/no-proxy.conf";
  const write = `sudo mkdir -p /etc/systemd/system/docker.service.d && printf '[Service]\\nEnvironment="NO_PROXY=${list}"\\n' | sudo tee ${unit}`;
  return [prefixed(host, `${write} && sudo systemctl daemon-reload && sudo systemctl restart docker`)];
}

function judgeProtocol({ server, insecure, registry, host }: Known): Finding {
  const { tls, scheme } = server;
  const { registry: name } = registry;
  if (scheme === "https") return judgeHttps({ insecure, host });
  if (scheme === "http") {
    if (insecure.allowed) return ok(`It speaks plain HTTP, and that will do${by(insecure)}.`);
    return failed({
      code: "REGISTRY_PROTOCOL",
      message: `${name} speaks plain HTTP, and ${insecure.engine ? `the engine${on(host)} has not been told` : "regctl has not been told"} that this will do.`,
      remedies: [
        insecure.engine
          ? `${quoteLine(["regctl", "setup", "insecure", name])}${onFlag(host)}`
          : quoteLine(["regctl", "use", name, "--insecure"]),
        "Or give the registry a certificate: regctl serve --help",
      ],
      cure: { kind: insecure.engine ? "setup-insecure" : "use-insecure", registry: name },
    });
  }
  if (tls?.kind === "client-certificate") {
    return failed({
      code: "CLIENT_CERTIFICATE",
      message: `${name} wants a certificate of its clients, and did not get one that it takes.`,
      remedies: [
        prefixed(
          host,
          `sudo mkdir -p /etc/docker/certs.d/${name} && sudo cp client.cert client.key /etc/docker/certs.d/${name}/`,
        ),
      ],
    });
  }
  if (tls?.kind === "alert") return judgeAlert(tls.reason, registry, host);
  const reason = tls?.kind === "broken" ? `: ${tls.reason}` : "";
  return failed({
    code: "NOT_HTTP",
    message: `Something takes connections at ${name} and speaks neither HTTPS nor HTTP${reason}.`,
    remedies: [prefixed(host, quoteLine(["curl", "-v", `http://${name}/v2/`]))],
  });
}

/** It ended the handshake, and why is not always said. */
function judgeAlert(reason: string, { registry: name, host: asked }: Target, host: string): Finding {
  const isAddress = parseIp(asked) !== null;
  if (isAddress || /unrecognized.name/i.test(reason)) {
    const why = isAddress
      ? "an address names no server, and it wants to be told which of its names is meant"
      : "it has no certificate for this name";
    return failed({
      code: "TLS_NAME_WANTED",
      message: `${name} speaks TLS and ends the handshake: ${why}.`,
      remedies: ["Use the registry by the name that its certificate has: regctl doctor NAME:PORT"],
    });
  }
  return failed({
    code: "TLS_REFUSED",
    message: `${name} speaks TLS, and the handshake fails: ${reason}.`,
    remedies: [prefixed(host, quoteLine(["openssl", "s_client", "-connect", name]))],
  });
}

function judgeHttps({ insecure, host }: Pick<Known, "insecure" | "host">): Finding {
  if (insecure.by !== "list" && insecure.by !== "settings") return ok("It speaks HTTPS.");
  // Whether its certificate would do is said by the checks of the certificate.
  const whose = insecure.by === "list" ? `the engine${on(host)} lists it` : "it is recorded";
  return ok(`It speaks HTTPS; ${whose} as insecure, so that its certificate is not needed.`);
}

function by({ by: who }: Facts["insecure"]): string {
  const words = {
    list: ": the engine lists it as insecure",
    settings: ": it is recorded as insecure",
    flag: " by --insecure",
    loopback: " on this machine",
  };
  return who === null ? "" : words[who];
}

export const judgeInsecureNeed: Check = {
  id: "insecure",
  needs: ["protocol"],
  judge: withServer(({ server, insecure, registry, host }) => {
    const listed = insecure.by === "list" || insecure.by === "settings";
    if (!listed || server.tls?.kind !== "tls" || server.tls.problem !== null) return null;
    const command =
      insecure.by === "list"
        ? `${quoteLine(["regctl", "setup", "undo", registry.registry])}${onFlag(host)}`
        : quoteLine(["regctl", "use", registry.registry, "--no-insecure"]);
    return warning({
      code: "INSECURE_WITHOUT_NEED",
      message: `${registry.registry} has a certificate that is trusted here, and being listed as insecure switches it off.`,
      remedies: [command],
      ...(insecure.by === "list" ? { cure: { kind: "setup-undo", registry: registry.registry } } : {}),
    });
  }),
};
