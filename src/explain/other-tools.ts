/** Words that other tools have for what regctl does, as a person types them who comes from there. Pure. */
import { quoteLine } from "./quote.ts";

/** A line of ours in which what was typed behind the word goes on, or a whole one. */
type Meant = { readonly begins: string } | { readonly line: string };

const begins = (line: string): Meant => ({ begins: line });
const whole = (line: string): Meant => ({ line });

/** Of docker, crane, skopeo, oras and the other `regctl`. Two words go before one. */
const meanings: Readonly<Record<string, Meant>> = {
  push: begins("publish"),
  upload: begins("publish"),
  import: begins("publish"),
  load: begins("publish"),
  build: whole("docker build -t NAME:TAG . && regctl publish NAME:TAG"),
  run: whole("regctl pull NAME:TAG && docker run NAME:TAG"),
  fetch: begins("pull"),
  download: begins("pull"),
  save: whole("regctl pull NAME:TAG --output docker-archive:FILE"),
  export: whole("regctl pull NAME:TAG --output docker-archive:FILE"),
  ls: begins("search"),
  list: begins("search"),
  find: begins("search"),
  catalog: begins("search"),
  repos: begins("search"),
  "repo ls": begins("search"),
  "repo list": begins("search"),
  "tag ls": begins("tags"),
  "tag list": begins("tags"),
  "list-tags": begins("tags"),
  "image ls": begins("images"),
  "image list": begins("images"),
  rm: begins("delete"),
  rmi: begins("delete"),
  remove: begins("delete"),
  untag: begins("delete"),
  "tag rm": begins("delete"),
  "tag delete": begins("delete"),
  "image rm": begins("delete"),
  "image delete": begins("delete"),
  tag: begins("copy"),
  cp: begins("copy"),
  "image copy": begins("copy"),
  "image inspect": begins("inspect"),
  manifest: begins("inspect"),
  digest: begins("inspect"),
  show: begins("inspect"),
  logs: begins("tunnel logs"),
  log: begins("tunnel logs"),
  connect: begins("tunnel"),
  ssh: begins("tunnel"),
  ps: whole("regctl serve status"),
  start: whole("regctl serve --detach"),
  up: whole("regctl serve --detach"),
  stop: whole("regctl serve stop"),
  down: whole("regctl serve stop"),
  gc: begins("serve gc"),
  verify: begins("serve verify"),
  insecure: begins("setup insecure"),
  trust: begins("setup trust"),
  undo: begins("setup undo"),
  status: begins("setup status"),
  info: whole("regctl doctor"),
  check: begins("doctor"),
  version: whole("regctl --version"),
  "-V": whole("regctl --version"),
  "-version": whole("regctl --version"),
};

/** What stands behind a command of ours that needs something there. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  copy: ["SRC", "DST"],
  delete: ["NAME:TAG"],
  inspect: ["NAME:TAG"],
  publish: ["IMAGE", "NAME:TAG"],
  pull: ["NAME:TAG"],
  "setup insecure": ["REGISTRY"],
  "setup trust": ["REGISTRY"],
  "setup undo": ["REGISTRY"],
  tags: ["NAME"],
  tunnel: ["USER@SERVER"],
  "tunnel logs": ["NAME"],
};

/** The line of ours that does what these words do elsewhere; undefined where no tool that we know has them. */
export function lineMeant(words: readonly string[]): string | undefined {
  for (const count of [2, 1]) {
    const typed = words.slice(0, count).join(" ");
    if (!Object.hasOwn(meanings, typed)) continue;
    const meant = meanings[typed];
    if (meant === undefined) continue;
    if ("line" in meant) return meant.line;
    const rest = words.slice(count);
    const { begins } = meant;
    return quoteLine(["regctl", ...begins.split(" "), ...(rest.length > 0 ? rest : (wanted[begins] ?? []))]);
  }
  return undefined;
}

/** Behind a command that takes a name there: what is meant to be no name. A host may still be typed as `user@ls`. */
const below: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tunnel: {
    ls: "list",
    lst: "list",
    lis: "list",
    ps: "list",
    status: "list",
    show: "list",
    rm: "stop",
    kill: "stop",
    close: "stop",
    down: "stop",
    log: "logs",
  },
};

/** The command below this one, in our words: `list` of `tunnel ls`. */
export function wordMeantBelow(command: string, word: string): string | undefined {
  const known = below[command];
  return known !== undefined && Object.hasOwn(known, word) ? known[word] : undefined;
}

/** A flag of another tool, and what follows it, in a line of ours. */
export function flagMeant(command: string, flag: string, value: string | undefined): string | undefined {
  const port = /^\d+/.exec(value ?? "")?.[0] ?? "PORT";
  const lines: Readonly<Record<string, string>> = {
    "serve -p": `regctl serve --listen 127.0.0.1:${port}`,
    "serve --port": `regctl serve --listen 127.0.0.1:${port}`,
    "login -p": "regctl login REGISTRY --username NAME --password-stdin",
    "login --password": "regctl login REGISTRY --username NAME --password-stdin",
    "tunnel -p": `regctl tunnel USER@SERVER:${port}`,
  };
  return lines[`${command} ${flag}`];
}

/** An argument of another tool where ours has a flag. */
export function argumentMeant(command: string, word: string): string | undefined {
  const isPlace = command === "serve" && /^([\w.-]*:)?\d{1,5}$/.test(word);
  if (!isPlace) return undefined;
  return `regctl serve --listen ${word.includes(":") ? word.replace(/^:/, "127.0.0.1:") : `127.0.0.1:${word}`}`;
}
