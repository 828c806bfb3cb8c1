/** Looks at one host and one registry from it, independent things at the same time, and judges what it saw. */
import type { TrustFlags } from "../access/open.ts";
import type { Settings } from "../config/settings.ts";
import { parseIp } from "../ip-network.ts";
import type { Place } from "../platform/locate.ts";
import type { ClientOptions } from "../registry/client.ts";
import type { FoundCredential } from "../registry/credentials.ts";
import { hubRegistry } from "../registry/docker-hub.ts";
import { checks } from "./checks.ts";
import { decideInsecure } from "./decide-insecure.ts";
import type { Facts, RegistryLook, ServerLook, Target, TunnelLook } from "./facts.ts";
import { judge } from "./judge.ts";
import { lookAtBuilder } from "./look/look-builder.ts";
import { askEngine, type EngineVisit, visitEngine } from "./look/look-engine.ts";
import { findLimit } from "./look/look-limit.ts";
import { type LoginVisit, visitLogin } from "./look/look-login.ts";
import { askRegistry } from "./look/look-registry.ts";
import { authorityOf, lookAtServer, openTo } from "./look/look-server.ts";
import { authoritiesOf, createTrustReader, readServed, type TrustReader } from "./look/look-trust.ts";
import { isMasked, type Proxying, planProxying, routesTo } from "./look/route.ts";
import { lookAtName, openVantage, type Vantage } from "./look/vantage.ts";
import type { Examined } from "./outcome.ts";
import type { DoctorWorld } from "./world.ts";

export interface ExamineInput extends TrustFlags {
  readonly target: Target | null;
  readonly settings: Settings;
  readonly platform: string | undefined;
  /** What names this engine, such as `DOCKER_HOST`; null where it is the usual one. */
  readonly namedBy: string | null;
  /** The address of the engine that docker would use, where only that is known of it; null where it is looked at. */
  readonly elsewhere: string | null;
  readonly write: boolean;
  readonly timeoutMs: number;
  readonly tunnels: readonly TunnelLook[];
  readonly servers: readonly string[];
}

/** The caller closes the place. */
export async function examine(place: Place, input: ExamineInput, world: DoctorWorld): Promise<Examined> {
  const { platform, namedBy, elsewhere } = input;
  const vantage = await openVantage(place.host, world);
  const beside = lookBeside(vantage, input, world);
  // Whoever fails first is thrown, and nothing is left unheard.
  beside.catch(() => {});
  const visit = await visitEngine({ place, platform, namedBy, elsewhere }, world);
  try {
    const facts = await lookOn({ vantage, visit, input }, await beside, world);
    return { host: place.host.name, judged: judge(checks, facts) };
  } finally {
    await visit.close();
  }
}

interface Beside {
  readonly name: Facts["name"];
  readonly login: LoginVisit | null;
  readonly builder: Facts["builder"];
}

/** What does not depend on the engine is looked at in the meantime: a credential helper takes its time. */
async function lookBeside(vantage: Vantage, { target }: ExamineInput, world: DoctorWorld): Promise<Beside> {
  const looked = async () => {
    if (target === null) return { name: null, login: null };
    const name = await lookAtName(target.host, vantage, isAddress(target.host));
    return { name, login: await visitLogin(target.registry, addressesOf(name), world) };
  };
  const [found, builder] = await Promise.all([looked(), vantage.local ? lookAtBuilder(world) : null]);
  return { ...found, builder };
}

function addressesOf(name: Facts["name"]): readonly string[] {
  return name !== null && "addresses" in name ? name.addresses : [];
}

function isAddress(host: string): boolean {
  return parseIp(host) !== null;
}

interface Parts {
  readonly vantage: Vantage;
  readonly visit: EngineVisit;
  readonly input: ExamineInput;
}

async function lookOn(parts: Parts, beside: Beside, world: DoctorWorld): Promise<Facts> {
  const { vantage, visit, input } = parts;
  const { target, settings } = input;
  const engine = visit.look;
  const { name, login, builder } = beside;
  const addresses = addressesOf(name);
  const base = {
    host: vantage.name,
    registry: target,
    engine,
    name,
    tunnels: input.tunnels,
    servers: input.servers,
    hiddenProxy: null,
    builder,
  };
  const none = { server: null, authorities: null, login: null, asked: null, engineSays: null };
  if (target === null) return { ...base, ...none, insecure: { allowed: false, by: null, engine: false } };
  const recorded = settings.registries?.[target.registry];
  const insecure = decideInsecure({
    target,
    flag: input.insecure,
    ca: input.ca !== undefined,
    recorded,
    engine,
    addresses,
  });
  // What regctl alone is told counts where it is alone.
  const ca = input.ca ?? (engine.expected ? null : (recorded?.ca ?? null));
  const trust = createTrustReader(vantage, target.registry, ca, world);
  const proxying = planProxying(engine.proxies, vantage.local ? world.environment : {});
  const route = routesTo(authorityOf(target), proxying).https;
  const [main, served] = await Promise.all([
    trust.read(target.registry, true),
    vantage.local ? readServed(world) : null,
  ]);
  const found = { ...base, ...none, insecure, login: login?.look ?? null };
  const says = (): Promise<Facts["engineSays"]> =>
    visit.engine === null || target.registry === hubRegistry || isBare(target)
      ? Promise.resolve(null)
      : askEngine(visit.engine, target.registry, input.timeoutMs);
  if (route !== null && isMasked(route)) {
    return { ...found, hiddenProxy: route.origin, engineSays: await says() };
  }
  const question = {
    target,
    trust: main,
    proxying,
    timeoutMs: input.timeoutMs,
    userAgent: world.userAgent,
    now: createHostClock(engine.now, world),
  };
  const server = await lookAtServer(question, vantage);
  const seen = { ...found, server, authorities: authoritiesOf(main, trust.warnings, served) };
  // Who is not a registry, or not trusted, is shown no login.
  const good = judge(checks, seen).some(({ id, finding }) => id === "api" && finding.status === "ok");
  if (!good) return seen;
  const [asked, engineSays] = await Promise.all([
    ask(
      { ...parts, target, insecure: insecure.allowed, trust, proxying, found: login?.found ?? null, server },
      world,
    ),
    says(),
  ]);
  return { ...seen, asked, engineSays };
}

/** Docker takes a name without a dot or a port for one of Docker Hub's. */
function isBare({ registry }: Target): boolean {
  return !/[.:]/.test(registry) && registry !== "localhost";
}

/** The host's clock, which was read a moment ago, goes on with ours. */
function createHostClock(hostNow: number, { clock }: DoctorWorld): () => number {
  const begin = clock.now().getTime();
  // It tells whole seconds, so what is near is the same.
  const ahead = Math.abs(hostNow - begin) < 30_000 ? 0 : hostNow - begin;
  return () => clock.now().getTime() + ahead;
}

interface Asking extends Parts {
  readonly target: Target;
  readonly insecure: boolean;
  readonly trust: TrustReader;
  readonly proxying: Proxying;
  readonly found: FoundCredential | null;
  readonly server: ServerLook;
}

async function ask(asking: Asking, world: DoctorWorld): Promise<RegistryLook> {
  const { vantage, input, target, insecure, trust, proxying, found, server } = asking;
  const question = {
    target,
    trust: await trust.read(target.registry, !insecure),
    proxying,
    timeoutMs: input.timeoutMs,
    userAgent: world.userAgent,
    now: () => 0,
  };
  const options: ClientOptions = {
    registry: target.registry,
    insecure,
    trust: trust.read,
    login: async () => found,
    openTransport: vantage.local
      ? vantage.openTransport
      : vantage.probes.transportOver(async (host, port) => {
          const there = { ...target, host, port };
          const way = routesTo(authorityOf(there), proxying).https;
          const opened = await openTo(way, { ...question, target: there }, vantage);
          if ("problem" in opened) throw opened.failure;
          return opened.stream;
        }),
    environment: proxying.environment,
    userAgent: world.userAgent,
    clock: world.clock,
    random: world.random,
    emit: (event) => {
      if (event.event === "trace") world.emit(event);
    },
    signal: world.signal,
    connectTimeoutMs: input.timeoutMs,
  };
  return await askRegistry({
    options,
    reference: target.reference,
    write: input.write,
    random: world.random,
    findLimit: (path) => findLimit((bytes) => announce(path, bytes)),
  });

  async function announce(path: string, bytes: number) {
    const secure = server.scheme === "https";
    const way = routesTo(authorityOf(target), proxying)[secure ? "https" : "http"];
    const opened = await openTo(way, question, vantage);
    if ("problem" in opened) return null;
    try {
      const stream = secure
        ? (await vantage.probes.tls(opened.stream, target.host, question.trust, input.timeoutMs)).stream
        : opened.stream;
      const headers = { "user-agent": world.userAgent, "content-type": "application/octet-stream" };
      const request = { method: "PATCH", target: path, host: target.registry, headers, announce: bytes };
      return await vantage.probes.ask(stream, request, input.timeoutMs);
    } catch {
      // Who hangs up at a length has not said that it is too much.
      return null;
    }
  }
}
