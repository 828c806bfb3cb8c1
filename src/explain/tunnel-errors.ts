/** Words for tunnels: those that run, and those that cannot be. */
import { sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";
import { sshArguments } from "./ssh-errors.ts";

type TunnelCode =
  | "TUNNEL_RUNS"
  | "TUNNEL_NO_REGISTRY"
  | "TUNNEL_COMMAND"
  | "KEY_NEEDS_PERSON"
  | "REGISTRY_NAME_MISMATCH";

export const tunnelWords: WordsFor<TunnelCode> = {
  TUNNEL_RUNS: ({ name, pid, registry }) => ({
    message:
      registry === null
        ? `The tunnel ${name} connects already (pid ${pid}).`
        : `The tunnel ${name} runs already, as ${registry} (pid ${pid}).`,
    remedies: [
      "See it: regctl tunnel list",
      `End it: ${quoteLine(["regctl", "tunnel", "stop", name])}`,
      "Or give another one another name: --name NAME",
    ],
  }),
  TUNNEL_NO_REGISTRY: ({ server, to, reason, candidates }) => ({
    message: `On ${server} no registry answers at ${to}: ${sentence(reason)}${candidates.length === 0 ? "" : " Elsewhere on it one does."}`,
    remedies:
      candidates.length === 0
        ? [`On ${server}, see what listens: ss -ltn`, "Then name it: --to HOST:PORT, or --to unix:PATH"]
        : candidates.map((candidate) => quoteLine(["--to", candidate])),
  }),
  TUNNEL_COMMAND: ({ command, problem, remedies }) => ({
    message: `${quoteLine([command])} was not started: ${sentence(problem)}`,
    remedies,
  }),
  KEY_NEEDS_PERSON: ({ server, reason }) => ({
    message:
      `A service finds nobody to ask, and without an agent, a passphrase or a password there is no way into ${server}: ` +
      sentence(reason),
    remedies: [
      `Make a key for it: ssh-keygen -t ed25519 -N '' -f ~/.ssh/id_tunnel && ssh-copy-id -i ~/.ssh/id_tunnel ${quoteLine(sshArguments(server))}`,
      "Name it for this host in ~/.ssh/config: IdentityFile ~/.ssh/id_tunnel",
      "Or keep the tunnel until the next restart: --detach",
    ],
  }),
  REGISTRY_NAME_MISMATCH: ({ registry, names }) => ({
    message: `The certificate behind ${registry} is good for ${names}, and not for ${registry.replace(/:\d+$/, "")}.`,
    remedies: [
      "Do without its name, since the tunnel is encrypted and leads to a known server: --insecure",
      "Or have the certificate made for localhost as well",
    ],
  }),
};
