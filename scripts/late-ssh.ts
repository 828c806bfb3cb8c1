/**
 * ssh2 and node-ssh bring a server, SFTP, agents for HTTP, key making and folders with them, which regctl never asks for
 * or hardly ever. In the bundle their modules are loaded when they are first used, or not at all.
 */
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

interface LateParts {
  readonly module: RegExp;
  /** Text of the module, which must be there, and what stands in its place. */
  readonly parts: readonly (readonly [string, string])[];
}

const late = (name: string, required: string): string =>
  `const ${name} = (...given) => require('${required}')(...given);`;

const lateParts: readonly LateParts[] = [
  {
    module: /[\\/]node-ssh[\\/]lib[\\/]esm[\\/]index\.mjs$/,
    parts: [
      ["import makeDir from 'make-dir';", late("makeDir", "make-dir")],
      [
        "import scanDirectory from 'sb-scandir';",
        "const scanDirectory = (...given) => require('sb-scandir').default(...given);",
      ],
    ],
  },
  {
    module: /[\\/]ssh2[\\/]lib[\\/]index\.js$/,
    parts: [
      ["} = require('./http-agents.js');", "} = {};"],
      ["} = require('./protocol/SFTP.js');", "} = {};"],
      ["  Server: require('./server.js'),", ""],
      ["    ...require('./keygen.js'),", ""],
    ],
  },
  // Native parts, which a bundle does not have: looking for them takes longer than most of the rest.
  {
    module: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]constants\.js$/,
    parts: [["  cpuInfo = require('cpu-features')();", ""]],
  },
  {
    module: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto\.js$/,
    parts: [
      ["  binding = require('./crypto/build/Release/sshcrypto.node');", "  throw new Error('no binding');"],
    ],
  },
  {
    module: /[\\/]ssh2[\\/]lib[\\/]client\.js$/,
    parts: [
      ["const { SFTP } = require('./protocol/SFTP.js');", ""],
      ["new SFTP(this", "new (require('./protocol/SFTP.js').SFTP)(this"],
    ],
  },
  {
    module: /[\\/]ssh2[\\/]lib[\\/]utils\.js$/,
    parts: [
      ["const { SFTP } = require('./protocol/SFTP.js');", ""],
      ["channel.constructor !== SFTP", "channel.constructor.name !== 'SFTP'"],
    ],
  },
  {
    module: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]keyParser\.js$/,
    parts: [
      [
        "const bcrypt_pbkdf = require('bcrypt-pbkdf').pbkdf;",
        "const bcrypt_pbkdf = (...given) => require('bcrypt-pbkdf').pbkdf(...given);",
      ],
    ],
  },
];

/** Throws for a part that a new version of the library no longer has. */
function replaceParts(code: string, { module, parts }: LateParts): string {
  return parts.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${module.source} has no ${from}`);
    return text.replaceAll(from, () => to);
  }, code);
}

export const loadSshLate: Plugin = {
  name: "load-ssh-late",
  setup(build) {
    for (const each of lateParts) {
      build.onLoad({ filter: each.module }, async ({ path }) => ({
        contents: replaceParts(await readFile(path, "utf8"), each),
        loader: "js",
      }));
    }
  },
};
