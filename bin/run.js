#!/usr/bin/env node
// Runs on Node 8 and later as far as the version check: CommonJS (see package.json beside this file), old syntax.
// biome-ignore-all lint/style/useNodejsImportProtocol: old versions of Node do not know node:
const fs = require("fs");
const os = require("os");
const path = require("path");
const { pathToFileURL } = require("url");

const root = path.join(__dirname, "..");
const pjson = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
const range = pjson.engines.node;

/** Understands what our package.json says: `^MAJOR.MINOR.PATCH` and `>=MAJOR.MINOR.PATCH`, joined by `||`. */
function satisfies(version, alternatives) {
  const have = version.split(".").map((part) => Number.parseInt(part, 10));
  return alternatives.split("||").some((alternative) => {
    const parts = /(\^|>=)(\d+)\.(\d+)\.(\d+)/.exec(alternative);
    if (parts === null) return false;
    const want = parts.slice(2).map(Number);
    if (parts[1] === "^" && have[0] !== want[0]) return false;
    const differs = [0, 1, 2].find((index) => have[index] !== want[index]);
    return differs === undefined || have[differs] > want[differs];
  });
}

function refuse() {
  const message = `regctl needs another Node.js: this is ${process.versions.node}, it runs on ${range}.`;
  const remedies = [
    "Install Node.js 24 or later: https://nodejs.org/en/download",
    "In a clone of the repository: npm ci && npm run -s regctl -- --help (it brings its own Node.js)",
  ];
  if (process.argv.indexOf("--json") !== -1) {
    process.stdout.write(`${JSON.stringify({ error: { code: "USAGE", message, remedies } }, null, 2)}\n`);
  } else {
    process.stderr.write(`${[message].concat(remedies).join("\n  ")}\n`);
  }
  process.exitCode = 2;
}

/** A clone runs its source and keeps what was compiled of it beside it; the package keeps it in the user's cache. */
function findMain() {
  const source = path.join(root, "src", "main.ts");
  const isClone = fs.existsSync(source);
  const cache = isClone ? cloneCache() : userCache();
  const dist = path.join(root, "dist");
  const kept = isClone || cache === null ? null : bundleCache(dist, cache);
  if (kept !== null) {
    const { loadBundle } = require("./load-bundle.js");
    return new Promise((resolve) => resolve(loadBundle(dist, kept)));
  }
  if (cache !== null) require("module").enableCompileCache(cache);
  if (isClone) return import(pathToFileURL(source).href);
  return new Promise((resolve) => resolve(require(path.join(dist, "main.js"))));
}

/** For one build and one version of Node; where options change V8 there is Node's own cache, which tells them apart. */
function bundleCache(dist, cache) {
  const { NODE_OPTIONS, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_OPTIONS || NODE_DISABLE_COMPILE_CACHE || process.execArgv.length > 0) return null;
  const about = path.join(dist, "package.json");
  if (!fs.existsSync(about)) return null;
  const { build } = JSON.parse(fs.readFileSync(about, "utf8"));
  const folder = path.join(cache, `${build}-${process.version}-${process.arch}`);
  return isPrivate(folder) ? folder : null;
}

/** Nobody else can put code there, or it is not there yet. */
function isPrivate(folder) {
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  return found === undefined || (found.uid === process.geteuid() && (found.mode & 0o022) === 0);
}

function cloneCache() {
  return isOwn(root) ? path.join(root, "node_modules", ".cache", "regctl") : null;
}

function userCache() {
  const base = process.env.XDG_CACHE_HOME || process.env.HOME || "";
  if (!path.isAbsolute(base) || !fs.existsSync(base) || !isOwn(base)) return null;
  return path.join(base, process.env.XDG_CACHE_HOME ? "" : ".cache", "regctl", "compiled");
}

/**
 * Compiled code is run as it is found, so its folder must be our own: root uses none that belongs to another user,
 * who could have put code there and would be left with files of root's.
 */
function isOwn(folder) {
  return process.geteuid !== undefined && fs.statSync(folder).uid === process.geteuid();
}

/** In a container there may be no account for the uid, and oclif fails where it can ask neither it nor these. */
function assumeAccount() {
  try {
    os.userInfo();
  } catch (error) {
    if (error.code !== "ERR_SYSTEM_ERROR") throw error;
    if (process.env.SHELL === undefined) process.env.SHELL = "/bin/sh";
    if (process.env.HOME === undefined) process.env.HOME = "/";
  }
}

/** What scripts and docker ask again and again: nothing is loaded for it. Null for everything else. */
function shortAnswer(word) {
  if (word === "--version") {
    return `regctl ${pjson.version} (Node.js ${process.versions.node}, ${process.platform}-${process.arch})`;
  }
  if (word !== "docker-cli-plugin-metadata") return null;
  return JSON.stringify(Object.assign({ Version: pjson.version }, pjson.dockerCliPlugin));
}

function tellShortly() {
  const answer = process.argv.length === 3 ? shortAnswer(process.argv[2]) : null;
  if (answer === null) return false;
  try {
    fs.writeSync(1, `${answer}\n`);
    return true;
  } catch (_full) {
    // A full or closed pipe: the long way knows what to do about it.
    return false;
  }
}

if (satisfies(process.versions.node, range)) {
  if (!tellShortly()) load();
} else {
  refuse();
}

function load() {
  assumeAccount();
  findMain()
    .then((module) => module.start())
    .catch((error) => {
      process.stderr.write(`regctl could not be loaded: ${error.stack}\n`);
      process.exitCode = 1;
    });
}
