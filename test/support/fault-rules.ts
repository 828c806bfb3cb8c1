/** Which request meets which fault. */
import type { IncomingMessage } from "node:http";

/** `request`: the body on its way to the server; `response`: the body on its way back. */
export type Side = "request" | "response";

export type Fault =
  /** After byte `at` of the body, where `head` is before anything of the answer: what happens to the connection. */
  | {
      readonly kind: "cut" | "reset" | "half-close" | "stall";
      readonly side: Side;
      readonly at: number | "head";
    }
  | { readonly kind: "slow"; readonly side: Side; readonly bytesPerSecond: number }
  /** The byte at that place is another one. */
  | { readonly kind: "flip"; readonly side: Side; readonly at: number }
  /** Content-Length of the answer says so many bytes more, or fewer, than come. */
  | { readonly kind: "length"; readonly by: number }
  | { readonly kind: "delay"; readonly ms: number }
  /** An answer of the proxy's own; the server hears nothing of the request. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** 413, as nginx says it, for a body of more bytes. */
  | { readonly kind: "limit"; readonly bytes: number }
  /** 307 to the same path at another origin. */
  | { readonly kind: "redirect"; readonly origin: string };

export interface Rule {
  readonly method?: string;
  /** Of the target, query included. */
  readonly path?: RegExp;
  /** Of the request's body, as it says itself. */
  readonly leastBytes?: number;
  /** How many that fit are let through first; default none. */
  readonly after?: number;
  /** How often; default once. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface OpenRule {
  readonly rule: Rule;
  skips: number;
  left: number;
}

export function openRule(rule: Rule): OpenRule {
  return { rule, skips: rule.after ?? 0, left: rule.times ?? 1 };
}

export function takeFault(open: OpenRule, { method, url = "", headers }: IncomingMessage): readonly Fault[] {
  const { rule } = open;
  if (rule.method !== undefined && rule.method !== method) return [];
  if (rule.path !== undefined && !rule.path.test(url)) return [];
  if (Number(headers["content-length"] ?? 0) < (rule.leastBytes ?? 0)) return [];
  // Small bodies pass: they are not what such a rule is about.
  if (rule.fault.kind === "limit" && Number(headers["content-length"]) <= rule.fault.bytes) return [];
  if (open.left === 0) return [];
  if (open.skips > 0) {
    open.skips -= 1;
    return [];
  }
  open.left -= 1;
  return [rule.fault];
}

export type ConnectionFault = Extract<Fault, { kind: "cut" | "reset" | "half-close" | "stall" }>;

export function isOfConnection(fault: Fault): fault is ConnectionFault {
  return ["cut", "reset", "half-close", "stall"].includes(fault.kind);
}
