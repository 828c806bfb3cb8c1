/** How much a server may send on a channel before anybody has read it. */
import type { Channel, Client } from "./library.ts";

/** At first: a reader that stalls costs no more. */
const firstWindow = 128 * 1024;
/** Once its reader keeps up: as OpenSSH has it. */
const widestWindow = 2 * 1024 * 1024;
/** What ssh2 takes for granted. */
const librarysWindow = 2 * 1024 * 1024;
/** For all channels of a connection together, once there are many. */
const allWindows = 8 * 1024 * 1024;

/** Channels of one connection that have a window of ours. */
interface Windows {
  count: number;
}

/**
 * ssh2 lets a server send 2 MiB on every channel, read or not; 64 readers that stall would hold 128 MiB here. This
 * window grows with what its reader takes. It stands in for ssh2's own, which `push` keeps quiet by answering "full".
 */
export function keepWindow(channel: Channel, windows: Windows): void {
  const inside = insideOf(channel);
  if (inside === null) return;
  const { push, read } = channel;
  // What came in one packet with the answer is there already.
  let [window, taken] = [firstWindow, librarysWindow - inside.incoming.window];
  inside.incoming.window = firstWindow - taken;
  windows.count += 1;
  channel.once("close", () => {
    windows.count -= 1;
  });
  const grant = (): void => {
    const gone = taken - channel.readableLength;
    if (gone < window / 2 || inside.outgoing.state === "closed" || inside.outgoing.state === "closing")
      return;
    const wider = Math.max(firstWindow, Math.min(window * 2, widestWindow, allWindows / windows.count));
    const more = Math.max(0, gone + wider - window);
    if (more === 0) return;
    taken -= gone;
    window = wider;
    inside.incoming.window += more;
    inside._client._protocol.channelWindowAdjust(inside.outgoing.id, more);
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

/** What a channel that is opened next tells its server; ssh2 has a constant for it. */
export function narrowWindows(client: Client): void {
  const protocol = (client as Partial<InsideClient>)._protocol;
  if (protocol === undefined) return;
  const { directTcpip, openssh_directStreamLocal: directStreamLocal } = protocol;
  protocol.directTcpip = (channel, _window, packet, to) =>
    directTcpip.call(protocol, channel, firstWindow, packet, to);
  protocol.openssh_directStreamLocal = (channel, _window, packet, to) =>
    directStreamLocal.call(protocol, channel, firstWindow, packet, to);
}

type OpenDirect = (channel: number, window: number, packet: number, to: unknown) => void;

interface InsideClient {
  readonly _protocol: {
    directTcpip: OpenDirect;
    openssh_directStreamLocal: OpenDirect;
    channelWindowAdjust(channel: number, bytes: number): void;
  };
}

interface Inside {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: InsideClient;
}

function insideOf(channel: Channel): Inside | null {
  const inside = channel as Partial<Inside>;
  const { incoming, outgoing, _client } = inside;
  if (incoming === undefined || outgoing === undefined || _client === undefined) return null;
  return { incoming, outgoing, _client };
}
