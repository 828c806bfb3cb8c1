// Of each file Node's own cache keeps what was compiled before the file ran, and nearly all is compiled afterwards, at
// each start anew. So the bundle is loaded here, and what a whole run has compiled of it is kept.
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { Script } = require("node:vm");

const head = "(function (exports, require, module, __filename, __dirname) { ";

/** What `main.js` of the bundle in `folder` exports. `cache` is a folder of the user's own, made when it is not there. */
function loadBundle(folder, cache) {
  const requireOther = createRequire(path.join(folder, "main.js"));
  const loaded = new Map();
  const keeper = createKeeper(cache);

  const load = (name) => {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const filename = path.join(folder, name);
    const source = `${head}${fs.readFileSync(filename, "utf8")}\n})`;
    const cachedData = readOrNone(path.join(cache, name));
    const script = new Script(source, { filename, cachedData, columnOffset: -head.length });
    if (cachedData === undefined || script.cachedDataRejected) keeper.add(name, script);
    const module = { exports: {} };
    loaded.set(name, module);
    try {
      script.runInThisContext().call(module.exports, module.exports, requireFrom, module, filename, folder);
    } catch (error) {
      loaded.delete(name);
      throw error;
    }
    return module.exports;
  };
  const requireFrom = (id) => (/^\.\/[^/]+\.js$/.test(id) ? load(id.slice(2)) : requireOther(id));
  return load("main.js");
}

/** Keeps scripts when the process ends. V8 refuses what was compiled under other options than its own of that moment. */
function createKeeper(cache) {
  const fresh = [];
  let options;
  // Loaded only where there is something to keep: it takes a tenth of a short command.
  const optionsNow = () => require("node:v8").cachedDataVersionTag();
  const onExit = () => {
    if (optionsNow() === options) keep(fresh, cache);
  };
  return {
    add: (name, script) => {
      if (fresh.length === 0) {
        options = optionsNow();
        process.once("exit", onExit);
      }
      fresh.push([name, script]);
    },
  };
}

function readOrNone(file) {
  try {
    return fs.readFileSync(file);
  } catch (_missing) {
    return undefined;
  }
}

/** Each file appears whole or not at all. A cache that cannot be written is none. */
function keep(fresh, cache) {
  try {
    const made = fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
    for (const [name, script] of fresh) {
      const temporary = path.join(cache, `.${name}.${process.pid}.${process.hrtime.bigint()}`);
      fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o600, flag: "wx" });
      fs.renameSync(temporary, path.join(cache, name));
    }
    if (made !== undefined) removeOld(path.dirname(cache));
  } catch (_full) {
    // The next start is as slow as this one.
  }
}

const old = 30 * 24 * 60 * 60 * 1000;

/** What former builds left. One that is still used is made again. */
function removeOld(caches) {
  for (const name of fs.readdirSync(caches)) {
    const folder = path.join(caches, name);
    if (Date.now() - fs.statSync(folder).mtimeMs > old) fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { loadBundle };
