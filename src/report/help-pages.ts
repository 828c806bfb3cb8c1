/** Pages of help about what belongs to no single command. Pure. */
import { linesAsTyped } from "./own-commands.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** A paragraph; a command line to copy begins with `$ `, what follows a heading's `#` is a heading. */
const pages: Readonly<Record<string, readonly string[]>> = {
  "insecure-or-trust": [
    "An engine speaks HTTPS to every registry that is not on its own machine, and verifies the certificate. Two things make it accept another registry.",
    "# TRUST: the registry has a certificate that the engine does not know yet",
    "The authority that signed it is put where the engine reads it. What travels is encrypted, and nobody else can pose as the registry. Nothing is restarted.",
    "$ regctl setup trust registry.example:5000",
    "# INSECURE: the registry speaks plain HTTP",
    "The engine is told to do without a verified certificate for this registry. Whoever sits between can read and change what travels: for a network of your own, or to begin with.",
    "$ regctl setup insecure registry.example:5000",
    "# NEITHER",
    "What regctl itself moves (publish, pull, copy) needs no change to the engine; and through a tunnel the registry is localhost, which every engine takes as it is.",
    "$ regctl publish app:1.0 registry.example:5000/app:1.0 --insecure",
    "$ regctl tunnel user@server",
    "Whether it works, and if not why, is told by:",
    "$ regctl doctor registry.example:5000",
  ],
  tunnels: [
    "The safest small registry listens on its server's own 127.0.0.1. A tunnel brings it to this machine through SSH, as localhost, which no engine needs to be told about.",
    "$ regctl tunnel user@server",
    "It holds the connection, comes back by itself after a cut, and prints the name under which the registry is here. While it is the only one it is the default registry.",
    "$ regctl publish app:1.0 team/app:1.0",
    "# IN THE BACKGROUND, OR FOR ONE COMMAND",
    "$ regctl tunnel user@server --detach",
    "$ regctl tunnel list",
    "$ regctl tunnel stop",
    "$ regctl tunnel user@server -- docker pull localhost:5000/team/app:1.0",
    "$ regctl search --tunnel user@server",
    "# AN ENGINE IN A VIRTUAL MACHINE",
    "There, localhost is the machine's own. Where regctl can reach it by SSH it opens the tunnel's end inside; where it cannot, publish and pull still work, since they move images themselves.",
  ],
  references: [
    "An image is named [HOST[:PORT]/]NAME[:TAG][@DIGEST], as docker reads it: the first part is a registry when it has a dot or a colon, is localhost, or has a capital letter. Without a tag it is latest.",
    "$ regctl inspect registry.example:5000/team/app:1.0",
    "# WITHOUT A REGISTRY",
    "regctl takes the default registry, never silently Docker Hub. It is, in this order: --registry, REGCTL_REGISTRY, what regctl use has set, the only tunnel that is up.",
    "$ regctl use registry.example:5000",
    "$ regctl tags team/app",
    "$ regctl use --none",
    "# IMAGES IN FILES",
    "oci:DIR[:TAG], oci-archive:FILE[:TAG] and docker-archive:FILE[:NAME:TAG] name images in files, for publish, pull and copy.",
    "$ regctl copy team/app:1.0 oci:./app",
  ],
  "exit-codes": [
    "0  done, or nothing to do",
    "1  failed",
    "2  wrong usage, a bad value, or a question that nobody could answer",
    "3  refused: the state found is unsafe to change, or a rule of yours forbids it",
    "4  not authorised: login, SSH, no sudo",
    "5  not found: image, tag, repository, tunnel",
    "6  unreachable: name, network, engine, registry, server",
    "7  applied, not proved, and taken back",
    "10  changes are pending (--dry-run --exit-code)",
    "130  interrupted",
    "Several hosts or images that fail in different ways give 1. With --json every error has a code of its own: docs/exit-codes.md lists them all.",
  ],
};

/** Empty where there is no such page. */
export function renderPage(name: string, options: RenderOptions): readonly string[] {
  const { columns, color } = options;
  const width = Math.min(columns, 80);
  const bold = (text: string): string => (color ? `\u001b[1m${text}\u001b[22m` : text);
  return linesAsTyped(pages[name] ?? [], options).flatMap((text, index, all) => {
    const [, heading] = /^# (.*)$/.exec(text) ?? [];
    if (heading !== undefined) return ["", bold(heading)];
    if (text.startsWith("$ ")) return [`  ${text}`];
    const [, code, meaning = ""] = /^(\d+) {2}(.*)$/.exec(text) ?? [];
    if (code !== undefined) return wrap(`${code.padStart(3)}  ${meaning}`, width, "     ");
    const first = index === 0 || all[index - 1]?.startsWith("# ") === true;
    return [...(first ? [] : [""]), ...wrap(text, width)];
  });
}
