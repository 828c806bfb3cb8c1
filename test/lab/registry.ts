/** Debian's docker-registry 2.8 inside a host: plain HTTP, no authentication, storage in /tmp. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "./lab.ts";

export interface LabRegistry {
  /** `host:port`, as an engine or a client that reaches the host would name it. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts a registry on all addresses of the host. Each host has its own ports. Default port 5000. */
export async function startRegistry(
  host: LabHost,
  options: { readonly port?: number } = {},
): Promise<LabRegistry> {
  const port = options.port ?? 5000;
  const folder = `/tmp/lab-registry-${port}`;
  const config = `version: 0.1
storage: {filesystem: {rootdirectory: ${folder}/storage}, delete: {enabled: true}}
http: {addr: ":${port}"}
`;
  const script = `mkdir -p ${folder} && cd ${folder} && cat >config.yml || exit 1
setsid docker-registry serve config.yml >log 2>&1 </dev/null & echo $!`;
  const { stdout } = await host.run(["sh", "-c", script], { input: config });
  const pid = stdout.trim();
  const stop = async () => {
    await host.run(["sh", "-c", `kill -KILL ${pid} 2>/dev/null; rm -rf ${folder}`]);
  };
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await host.run(["busybox", "wget", "-q", "-O", "-", `http://127.0.0.1:${port}/v2/`])).code === 0) {
      return { address: `${host.address}:${port}`, stop };
    }
    await sleep(50);
  }
  const log = await host.run(["cat", `${folder}/log`]);
  await stop();
  throw new Error(`docker-registry did not start on ${host.name}: ${log.stdout.slice(-2000)}`);
}
