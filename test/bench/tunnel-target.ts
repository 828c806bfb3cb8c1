/** What the tunnels of the bench lead to, in a thread of its own: sends or takes as much as it is asked for. */
import { once } from "node:events";
import net from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/**
 * A request is 16 bytes: how many bytes are sent after it (6 bytes), how many are to come back (6 bytes), and what is
 * left. A connection may make several.
 */
export function renderRequest(up: number, down: number): Buffer {
  const request = Buffer.alloc(16);
  request.writeUIntBE(up, 0, 6);
  request.writeUIntBE(down, 6, 6);
  return request;
}

export interface BenchTarget extends AsyncDisposable {
  readonly port: number;
}

export async function startBenchTarget(host: string): Promise<BenchTarget> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { host } });
  const [port] = await once(worker, "message");
  return { port, [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}

const block = Buffer.alloc(256 * 1024, 7);

function serve(socket: net.Socket): void {
  let head: Buffer = Buffer.alloc(0);
  let [left, answer] = [0, 0];
  const send = (): void => {
    while (answer > 0) {
      const part = answer < block.length ? block.subarray(0, answer) : block;
      answer -= part.length;
      if (!socket.write(part) && answer > 0) return;
    }
  };
  const take = (chunk: Buffer): void => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        head = Buffer.concat([head, rest.subarray(0, 16 - head.length)]);
        rest = rest.subarray(Math.min(rest.length, 16));
        if (head.length < 16) return;
        left = head.readUIntBE(0, 6);
        answer = head.readUIntBE(6, 6);
        head = Buffer.alloc(0);
      }
      const taken = Math.min(left, rest.length);
      left -= taken;
      rest = rest.subarray(taken);
      if (left === 0) send();
    }
  };
  socket.on("error", () => {});
  socket.on("drain", send);
  socket.on("data", take);
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const server = net.createServer({ noDelay: true }, serve);
  server.listen(0, workerData.host, () => port.postMessage((server.address() as net.AddressInfo).port));
}
