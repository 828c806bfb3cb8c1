/** A step as what a person would type for it, and what it is for. Pure. */
import { quoteLine } from "../explain/quote.ts";
import type { Reach, Step } from "./plan.ts";

export interface ToldStep {
  readonly about: string;
  /** As a person types it. */
  readonly command: string;
}

const usualPort = 5000;

/** `registry` is what the steps before have brought or are expected to. */
export function tellStep(step: Step, reach: Reach, registry: string): ToldStep {
  const named = ("registry" in step ? step.registry : null) ?? registry;
  return { about: aboutOf(step, named), command: quoteLine(["regctl", ...wordsOf(step, reach, named)]) };
}

/** What a tunnel or a server will be called here; which free port it gets is known when it runs. */
export function expectRegistry(steps: readonly Step[]): string {
  const [first] = steps;
  const port = first !== undefined && "port" in first && first.port ? String(first.port) : "PORT";
  return `${first?.kind === "serve" ? "127.0.0.1" : "localhost"}:${port}`;
}

function aboutOf(step: Step, registry: string): string {
  switch (step.kind) {
    case "tunnel":
      return `reach the registry of ${step.server}${step.service ? ", kept by systemd" : ""}`;
    case "serve":
      return `serve a registry from this machine${step.service ? ", kept by systemd" : ""}`;
    case "trust":
      return "have the engine trust its certificate";
    case "insecure":
      return "have the engine talk to it without a verified certificate";
    case "use":
      return `make ${registry} the default registry`;
    case "login":
      return step.certain ? "log in" : "log in, if it asks for that";
  }
}

function wordsOf(step: Step, { insecure, ca }: Reach, registry: string): readonly string[] {
  switch (step.kind) {
    case "tunnel": {
      const { server, to, port, service } = step;
      return [
        ...["tunnel", server],
        ...(to === undefined ? [] : ["--to", to]),
        ...(port === undefined ? [] : ["--local-port", String(port)]),
        ...reachWords(insecure, ca),
        service ? "--service" : "--detach",
      ];
    }
    case "serve": {
      const listen = step.port === usualPort ? [] : ["--listen", `127.0.0.1:${step.port}`];
      return ["serve", ...listen, step.service ? "--service" : "--detach"];
    }
    case "trust":
      return ["setup", "trust", registry, ...reachWords(undefined, ca)];
    case "insecure":
      return ["setup", "insecure", registry];
    case "use":
      return ["use", registry, ...reachWords(step.insecure, ca)];
    case "login":
      return ["login", registry];
  }
}

function reachWords(insecure: boolean | undefined, ca: string | undefined): readonly string[] {
  return [
    ...(insecure === undefined ? [] : [insecure ? "--insecure" : "--no-insecure"]),
    ...(ca === undefined ? [] : ["--ca", ca]),
  ];
}
