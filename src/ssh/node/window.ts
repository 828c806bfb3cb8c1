/**
 * How much a server may send on a channel before anybody has read it. By parts of ssh2 that it does not promise:
 * decision 0013 says why, and what holds where they are gone.
 */
import type { Channel, Client } from "./library.ts";

/** At first: a reader that stalls costs no more. */
const firstWindow = 128 * 1024;
/** Once its reader keeps up: as OpenSSH has it. */
const widestWindow = 2 * 1024 * 1024;
/** What ssh2 takes for granted. */
const librarysWindow = 2 * 1024 * 1024;
/** For all channels of a connection together, once there are many. */
const allWindows = 8 * 1024 * 1024;

/** The windows of one connection's channels. */
export interface Windows {
  /** To be called in the same turn in which a channel is handed out. */
  keep(channel: Channel): void;
}

/** Where ssh2 has other insides than are known here, all windows are its own, from the first channel on. */
export function createWindows(client: Client): Windows {
  const protocol = protocolOf(client);
  if (protocol === null) return { keep: () => {} };
  const all: AllWindows = { protocol, count: 0, told: new Map(), known: false };
  narrow(all);
  return { keep: (channel) => keepWindow(channel, all) };
}

interface AllWindows {
  readonly protocol: Protocol;
  /** Channels that are open. */
  count: number;
  /** What their servers were told at first, by the number that a channel has here. */
  readonly told: Map<number, number>;
  /** A channel has shown the insides that are needed: until then none may be told less than ssh2 believes. */
  known: boolean;
}

/** What a channel that is opened next tells its server; ssh2 has a constant for it. */
function narrow(all: AllWindows): void {
  const { protocol } = all;
  const { directTcpip, openssh_directStreamLocal: directStreamLocal } = protocol;
  const tell = (channel: number, usual: number): number => {
    const window = all.known ? firstWindow : usual;
    all.told.set(channel, window);
    return window;
  };
  protocol.directTcpip = (channel, window, packet, to) =>
    directTcpip.call(protocol, channel, tell(channel, window), packet, to);
  protocol.openssh_directStreamLocal = (channel, window, packet, to) =>
    directStreamLocal.call(protocol, channel, tell(channel, window), packet, to);
}

/**
 * ssh2 lets a server send 2 MiB on every channel, read or not; 64 readers that stall would hold 128 MiB here. This
 * window grows with what its reader takes. It stands in for ssh2's own, which `push` keeps quiet by answering "full".
 */
function keepWindow(channel: Channel, all: AllWindows): void {
  const inside = insideOf(channel);
  if (inside === null) return;
  all.known = true;
  const { incoming, outgoing } = inside;
  const { push, read } = channel;
  let window = all.told.get(incoming.id) ?? librarysWindow;
  all.told.delete(incoming.id);
  // What came in one packet with the answer is there already.
  let taken = librarysWindow - incoming.window;
  incoming.window = window - taken;
  all.count += 1;
  channel.once("close", () => {
    all.count -= 1;
  });
  const grant = (): void => {
    const gone = taken - channel.readableLength;
    if (gone < window / 2 || outgoing.state === "closed" || outgoing.state === "closing") return;
    const wider = Math.max(firstWindow, Math.min(window * 2, widestWindow, allWindows / all.count));
    const more = Math.max(0, gone + wider - window);
    if (more === 0) return;
    taken -= gone;
    window = wider;
    incoming.window += more;
    all.protocol.channelWindowAdjust(outgoing.id, more);
  };
  channel.push = (chunk: Buffer | null): boolean => {
    taken += chunk?.length ?? 0;
    push.call(channel, chunk);
    if (chunk !== null) grant();
    return false;
  };
  channel.read = (size?: number): unknown => {
    const chunk: unknown = read.call(channel, size);
    grant();
    return chunk;
  };
  channel._read = () => {};
}

type OpenDirect = (channel: number, window: number, packet: number, to: unknown) => void;

interface Protocol {
  directTcpip: OpenDirect;
  openssh_directStreamLocal: OpenDirect;
  channelWindowAdjust(channel: number, bytes: number): void;
}

function protocolOf(client: Client): Protocol | null {
  const protocol: Partial<Protocol> = (client as Partial<{ _protocol: Partial<Protocol> }>)._protocol ?? {};
  const { directTcpip, openssh_directStreamLocal: directStreamLocal, channelWindowAdjust } = protocol;
  const all = [directTcpip, directStreamLocal, channelWindowAdjust];
  return all.every((part) => typeof part === "function") ? (protocol as Protocol) : null;
}

interface Inside {
  readonly incoming: { readonly id: number; window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
}

function insideOf(channel: Channel): Inside | null {
  const { incoming, outgoing } = channel as Partial<Inside>;
  const numbers = [incoming?.id, incoming?.window, outgoing?.id];
  if (incoming === undefined || outgoing === undefined) return null;
  return numbers.every((each) => typeof each === "number") && typeof outgoing.state === "string"
    ? { incoming, outgoing }
    : null;
}
