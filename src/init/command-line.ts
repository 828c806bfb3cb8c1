/** A step as what a person would type for it, and what it is for. Pure. */
import { quoteLine } from "../explain/quote.ts";
import type { Reach, Step } from "./plan.ts";

export interface ToldStep {
  /** What it is for: `log in`. */
  readonly about: string;
  /** What holds once it is done: `logged in`. */
  readonly result: string;
  /** As a person types it. */
  readonly command: string;
}

const usualPort = 5000;

/** `registry` is what the steps before have brought or are expected to. */
export function tellStep(step: Step, reach: Reach, registry: string): ToldStep {
  const named = ("registry" in step ? step.registry : null) ?? registry;
  const command = quoteLine(["regctl", ...wordsOf(step, reach, named)]);
  return { ...sayStep(step, named), command };
}

/** What a tunnel or a server will be called here; which free port it gets is known when it runs. */
export function expectRegistry(steps: readonly Step[]): string {
  const [first] = steps;
  const port = first !== undefined && "port" in first && first.port ? String(first.port) : "PORT";
  return `${first?.kind === "serve" ? "127.0.0.1" : "localhost"}:${port}`;
}

function sayStep(step: Step, registry: string): Pick<ToldStep, "about" | "result"> {
  switch (step.kind) {
    case "tunnel": {
      const kept = step.service ? ", kept by systemd" : "";
      return {
        about: `reach the registry of ${step.server}${kept}`,
        result: `the registry of ${step.server} is reached${kept}`,
      };
    }
    case "serve": {
      const kept = step.service ? ", kept by systemd" : "";
      return {
        about: `serve a registry from this machine${kept}`,
        result: `a registry is served from this machine${kept}`,
      };
    }
    case "trust":
      return {
        about: "have the engine trust its certificate",
        result: "the engine trusts its certificate",
      };
    case "insecure":
      return {
        about: "have the engine talk to it without a verified certificate",
        result: "the engine talks to it without a verified certificate",
      };
    case "use":
      return {
        about: `make ${registry} the default registry`,
        result: `names without a registry go to ${registry}`,
      };
    case "login":
      return { about: step.certain ? "log in" : "log in, if it asks for that", result: "you are logged in" };
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
