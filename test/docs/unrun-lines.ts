/** Lines that are not carried out as they stand, with the reason; and what has to be there before others. */

export interface UnrunLine {
  readonly when: RegExp;
  readonly why: string;
}

/** Where nothing here fits, the line is run and has to end well. Every one is parsed all the same. */
export const unrunLines: readonly UnrunLine[] = [
  {
    when: /\s--on\s/,
    why: "acts on other hosts: test/lab/setup-*.lab.ts and doctor.lab.ts run it on theirs",
  },
  {
    when: /\bsetup (insecure|trust|mirror|undo)\b/,
    why: "wants a host whose engine can be told: test/lab/setup-*.lab.ts run it on hosts that they boot",
  },
  {
    when: /\s--service\b(?!.*--dry-run)/,
    why: "wants systemd, and changes what it starts: test/lab/serve.lab.ts has one",
  },
  {
    when: /\binit\b/,
    why: "asks a person, or serves at port 5000 of this machine: test/screen/init.test.ts and test/init",
  },
  { when: /\bmake push\b/, why: "its command is the reader's own" },
  { when: /\bquickstart\b/, why: "a walk of its own: test/quickstart/quickstart.test.ts" },
  { when: /\blogin \S+$/, why: "asks a person for a password: test/screen/questions.test.ts types one" },
  { when: /--digest (?!.*--(yes|dry-run))/, why: "asks a person whether the manifest may go" },
  {
    when: /\s--ca \.?\/?ca\.pem/,
    why: "wants a registry with TLS: test/registry/client-tls.test.ts has one",
  },
];

export interface GivenLine {
  readonly when: RegExp;
  /** Run before it; each has to end well. */
  readonly first: string;
}

const serving = "regctl serve --listen 127.0.0.1:0 --detach";

export const givenLines: readonly GivenLine[] = [
  { when: /\bserve (status|stop|gc|verify)\b(?!.*--storage)/, first: serving },
  { when: /\bserve (status|stop|gc|verify)\b.*--storage \/srv/, first: `${serving} --storage /srv/registry` },
  { when: /\bpublish oci:/, first: "regctl copy app:1.0 oci:./app" },
  { when: /\bpublish oci-archive:app\.tar/, first: "regctl copy app:1.0 oci-archive:app.tar" },
  { when: /\s--no-overwrite\b/, first: "regctl delete team/app:1.0" },
  // Where the registry is and which port it has here are remembered for each server.
  {
    when: /ann@server\b/,
    first: "regctl tunnel ann@server --to registry.example:5000 --local-port 0 -- true",
  },
  {
    when: /user@server\b/,
    first: "regctl tunnel user@server --to registry.example:5000 --local-port 0 -- true",
  },
  {
    when: /tunnel server\b(?!.*--name)/,
    first: "regctl tunnel server --to registry.example:5000 --local-port 0 -- true",
  },
  {
    when: /--name web\b/,
    first: "regctl tunnel server --to registry.example:5000 --local-port 0 --name web -- true",
  },
  {
    when: /\btunnel (stop|logs)$/,
    first: "regctl tunnel server --to registry.example:5000 --local-port 0 -d",
  },
  { when: /\btunnel (stop|logs) ann@server/, first: "regctl tunnel ann@server --detach" },
];

/** What goes on until Ctrl-C, and how one sees that it has begun. */
export const goingOn: readonly { readonly when: RegExp; readonly until: RegExp }[] = [
  { when: /\bserve\b(?! (status|stop|gc|verify)\b)(?!.*--(detach|print|dry-run)\b)/, until: /serves at/ },
  { when: /(?<!--)\btunnel (?!list|stop|logs)(?!.*(--detach\b| -d\b| -- ))/, until: /localhost:\d+/ },
  { when: /\blogs\b.*--follow/, until: /./ },
];
