/**
 * `publish` and `pull` with engines 20.10 and 28 (each of its two stores) against `docker push`, `docker pull` and
 * skopeo. Registry: Debian's docker-registry 2.8 in the engine's own host, which that engine trusts.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runPeer } from "../interop/clients.ts";
import { titleOf } from "../interop/peers.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "../lab/lab.ts";
import { type Installed, installRegctl } from "../support/installed.ts";
import { judgeMemory, judgeRatio, judgeTime, type Timed, timeInTurn, type Verdict } from "./measure.ts";
import { makeMany, makeOne, makeTop } from "./publish-images.ts";

const usualRounds = 5;
const mostMemory = 200 * 2 ** 20;
const manyLayers = 12;

/** `packed`: its images are kept as they travel. */
const engines = [
  { kind: "systemd", packed: false },
  { kind: "sid", packed: false },
  { kind: "sid-store", packed: true },
] as const satisfies readonly { readonly kind: LabKind; readonly packed: boolean }[];

/** `only`: one kind of host. */
export async function benchPublish(
  rounds = usualRounds,
  only: string | undefined,
  tell: (verdict: Verdict) => void,
): Promise<void> {
  const meant = engines.filter(({ kind }) => only === undefined || only === kind);
  if (meant.length === 0) throw new Error(`no kind ${only}; there are ${engines.map(({ kind }) => kind)}`);
  for (const { kind, packed } of meant) {
    const host = await startHost(kind);
    try {
      await using ours = await installRegctl({ DOCKER_HOST: `unix://${host.root}/run/docker.sock` });
      await benchEngine(await openScene(host, ours), { packed, rounds, tell });
    } finally {
      await host.stop();
    }
  }
}

interface Scene {
  readonly host: LabHost;
  readonly ours: Installed;
  /** "engine 20.10.24+dfsg1, overlay2". */
  readonly title: string;
  /** A reference at the registry. */
  at(name: string): string;
  docker(...args: readonly string[]): Promise<string>;
  shell(script: string): Promise<string>;
  /** What regctl remembers of layers. */
  forget(): Promise<void>;
  /** The registry holds nothing, or what was kept. */
  empty(): Promise<void>;
  keep(): Promise<void>;
  restore(): Promise<void>;
}

async function openScene(host: LabHost, ours: Installed): Promise<Scene> {
  const registry = await startRegistry(host);
  const shell = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await host.run(["sh", "-ec", script], { timeoutMs: 300_000 });
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout.trim();
  };
  await trust(host, registry.address, shell);
  const storage = "/tmp/lab-registry-5000/storage/docker";
  const version = await shell("docker info -f '{{.ServerVersion}}, {{.Driver}}'");
  return {
    host,
    ours,
    title: `engine ${version}`,
    at: (name) => `${registry.address}/${name}`,
    docker: (...args) => shell(["docker", ...args].join(" ")),
    shell,
    forget: () => rm(join(ours.home, ".cache"), { recursive: true, force: true }),
    empty: async () => void (await shell(`rm -rf ${storage}`)),
    keep: async () => void (await shell(`rm -rf ${storage}.kept; cp -a ${storage} ${storage}.kept`)),
    restore: async () => void (await shell(`rm -rf ${storage}; cp -a ${storage}.kept ${storage}`)),
  };
}

/** The engine talks to the registry by the address that everybody uses. */
async function trust(
  { root }: LabHost,
  address: string,
  shell: (script: string) => Promise<string>,
): Promise<void> {
  const path = `${root}/etc/docker/daemon.json`;
  const text = await readFile(path, "utf8").catch(() => "{}");
  await shell("mkdir -p /etc/docker");
  await writeFile(path, JSON.stringify({ ...JSON.parse(text), "insecure-registries": [address] }));
  await shell(`systemctl reload docker
for _ in $(seq 200); do docker info 2>/dev/null | grep -q ${address} && exit 0; sleep 0.05; done; exit 1`);
}

interface Options {
  readonly packed: boolean;
  readonly rounds: number;
  readonly tell: (verdict: Verdict) => void;
}

async function benchEngine(scene: Scene, options: Options): Promise<void> {
  await makeOne(scene.host, "one:1");
  await first(scene, options);
  await again(scene, "one:1", 1, options);
  await changed(scene, options);
  await pulled(scene, options);
  await drop(scene);
  await makeMany(scene.host, "many:1", manyLayers);
  await firstOfMany(scene, options);
  await again(scene, "many:1", manyLayers, options);
  options.tell(judgeMemory(`publish and pull, ${scene.title}`, scene.ours.peak(), mostMemory));
}

/** Every image of the engine, by all its names. */
async function drop({ shell }: Scene): Promise<void> {
  await shell("docker image prune -af >/dev/null");
}

/** By the way that regctl chooses, unless said. */
function publishing(scene: Scene, name: string, image: string, ...flags: readonly string[]): Timed {
  const { ours, at, forget, empty } = scene;
  const before = async () => void (await Promise.all([forget(), empty()]));
  const words = ["publish", image, at(image), "--insecure", "--no-tag", "--progress", "none", ...flags];
  return { name, before, run: () => ours.run(words) };
}

/** A name that the engine has got, as a person gives it before a push. */
async function pushing({ docker, at, empty }: Scene, image: string): Promise<Timed> {
  await docker("tag", image, at(image));
  return { name: "docker push", before: empty, run: () => docker("push", "-q", at(image)) };
}

function skopeo({ host, at, empty }: Scene, image: string): Timed {
  const from = ["--src-daemon-host", `unix://${host.root}/run/docker.sock`, `docker-daemon:${image}`];
  const words = ["copy", "--insecure-policy", "--quiet", "--dest-tls-verify=false", ...from];
  return {
    name: titleOf("skopeo"),
    before: empty,
    run: () => runPeer("skopeo", [...words, `docker://${at(image)}`]),
  };
}

/** The first time of an image of one layer. */
async function first(scene: Scene, { packed, rounds, tell }: Options): Promise<void> {
  const image = "one:1";
  const timed = [
    publishing(scene, "regctl gzip", image),
    await pushing(scene, image),
    skopeo(scene, image),
    // What is packed goes as it is.
    ...(packed ? [] : [publishing(scene, "regctl zstd", image, "--compression", "zstd")]),
  ];
  const [gzip, push, copy, zstd] = await timeInTurn(timed, rounds);
  if (gzip === undefined || push === undefined || copy === undefined) throw new Error("all were timed");
  const title = `publish 1 × 509 MB, ${scene.title}`;
  tell(judgeRatio({ title, mine: gzip, theirs: [push], atMost: 0.33, rounds }));
  tell(judgeRatio({ title, mine: gzip, theirs: [copy], atMost: 1, rounds }));
  if (zstd !== undefined) tell(judgeRatio({ title, mine: zstd, theirs: [push], atMost: 0.3, rounds }));
}

async function firstOfMany(scene: Scene, { rounds, tell }: Options): Promise<void> {
  const image = "many:1";
  const [mine, push] = await timeInTurn(
    [publishing(scene, "regctl gzip", image), await pushing(scene, image)],
    rounds,
  );
  if (mine === undefined || push === undefined) throw new Error("both were timed");
  const title = `publish ${manyLayers} layers of 509 MB together, ${scene.title}`;
  tell(judgeRatio({ title, mine, theirs: [push], atMost: 0.4, rounds }));
}

const mostAgainMs = 1000;
const mostTrips = 3;

/** Unchanged: with what regctl remembers, and without. */
async function again(scene: Scene, image: string, layers: number, { rounds, tell }: Options): Promise<void> {
  const { ours, at, forget } = scene;
  const words = ["publish", image, at(image), "--insecure", "--no-tag", "--progress", "plain", "-v"];
  const publish = { ...publishing(scene, "first", image), run: () => ours.run(words) };
  await publish.before?.();
  await publish.run();
  for (const cache of ["warm", "empty"] as const) {
    const said: string[] = [];
    const timed: Timed = {
      name: "regctl",
      before: cache === "warm" ? async () => {} : forget,
      run: async () => void said.push(await ours.run(words)),
    };
    const [took] = await timeInTurn([timed], rounds);
    if (took === undefined) throw new Error("it was timed");
    const title = `publish of ${layers} ${layers === 1 ? "layer" : "layers"} again, ${cache} cache, ${scene.title}`;
    tell(judgeTime(title, took, mostAgainMs, rounds));
    tell(judgeTrips(title, said.at(-1) ?? "", layers));
  }
}

/** Requests that name a blob, of layers and of the configuration, and whether the engine was made to save. */
function judgeTrips(title: string, said: string, layers: number): Verdict {
  const trips = said.match(/(GET|HEAD|POST|PATCH|PUT) \S+: \d+, \d+ ms/g)?.length ?? 0;
  const read = said.includes("the engine prepares the image");
  const met = !read && trips > 0 && trips <= mostTrips * layers + fixedTrips;
  const saved = read ? "the engine read it out" : "nothing was read from the engine";
  const line = `${title}: ${trips} requests, ${saved} (asked ≤ ${mostTrips} a layer and ${fixedTrips}, nothing read) ${met ? "MET" : "MISSED"}`;
  return { line, met };
}

/** Whether it is there, what stands under the name, the configuration, the manifest. */
const fixedTrips = 5;

/** One small layer over an image that the registry has. */
async function changed(scene: Scene, { rounds, tell }: Options): Promise<void> {
  const { host, ours, at, docker, keep, restore, forget, empty, shell } = scene;
  await makeTop(host, "one:1", "top:1");
  await Promise.all([forget(), empty()]);
  await docker("tag", "one:1", at("top:base"));
  await docker("push", "-q", at("top:base"));
  await docker("tag", "top:1", at("top:1"));
  await keep();
  const publish = (name: string, via: string): Timed => ({
    ...publishing(scene, name, "top:1", "--via", via),
    before: restore,
  });
  const timed: Timed[] = [
    publish("regctl by the engine", "engine"),
    publish("regctl directly", "direct"),
    { name: "docker push", before: restore, run: () => docker("push", "-q", at("top:1")) },
    { name: "docker save", run: () => shell("docker save top:1 >/dev/null") },
    // Started, its code loaded, and one question asked.
    { name: "ping", run: () => ours.run(["ping", at("").slice(0, -1), "--insecure"]) },
    { name: "enter", run: () => host.run(["true"]) },
  ];
  const [engine, direct, push, save, start, enter] = await timeInTurn(timed, rounds);
  if (engine === undefined || direct === undefined || push === undefined) throw new Error("all were timed");
  if (save === undefined || start === undefined || enter === undefined) throw new Error("all were timed");
  const own = (ms: number): number => ms - enter.median;
  const facts = `docker push ${own(push.median).toFixed(0)} ms, docker save ${own(save.median).toFixed(0)} ms, our ping ${start.median.toFixed(0)} ms`;
  const title = `publish of one small layer more, ${scene.title} (${facts})`;
  tell(judgeTime(title, engine, 1.2 * own(push.median) + start.median, rounds));
  tell(judgeTime(title, direct, own(save.median) + own(push.median) + start.median, rounds));
}

/** Into an engine that has nothing. */
async function pulled(scene: Scene, { rounds, tell }: Options): Promise<void> {
  const { ours, at, docker, empty, shell } = scene;
  await empty();
  await docker("tag", "one:1", at("pulled:1"));
  await docker("push", "-q", at("pulled:1"));
  await drop(scene);
  const before = () => shell(`docker rmi -f ${at("pulled:1")} >/dev/null 2>&1 || true`);
  const words = ["pull", at("pulled:1"), "--insecure", "--via", "direct", "--progress", "none"];
  const [mine, pull] = await timeInTurn(
    [
      { name: "regctl directly", before, run: () => ours.run(words) },
      { name: "docker pull", before, run: () => docker("pull", "-q", at("pulled:1")) },
    ],
    rounds,
  );
  if (mine === undefined || pull === undefined) throw new Error("both were timed");
  const title = `pull 1 × 509 MB into an engine without it, ${scene.title}`;
  tell(judgeRatio({ title, mine, theirs: [pull], atMost: 1, rounds }));
}
