/** Debian's nginx inside a host, in front of a registry there: what many teams put before theirs. Plain HTTP without `tls`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "./lab.ts";
import type { LabRegistry } from "./registry.ts";

export interface NginxOptions {
  readonly port: number;
  /** Port of the registry on that host. */
  readonly to: number;
  /** As nginx writes it: `1m`. */
  readonly mostBody: string;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Tells the registry by which scheme it was asked. */
  readonly tellsScheme?: boolean;
}

export async function startNginx(
  host: LabHost,
  options: NginxOptions,
): Promise<Omit<LabRegistry, "restart">> {
  const { port, to, mostBody, tls, tellsScheme = false } = options;
  const folder = `/tmp/lab-nginx-${port}`;
  const secure =
    tls === undefined ? "" : `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
  const scheme = tellsScheme ? "proxy_set_header X-Forwarded-Proto $scheme;" : "";
  const config = `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;
events {}
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen ${port}${tls === undefined ? "" : " ssl"}; client_max_body_size ${mostBody}; ${secure}
    location / {
      proxy_pass http://127.0.0.1:${to}; proxy_set_header Host $http_host; proxy_buffering off; ${scheme}
    }
  }
}
`;
  await host.run(["mkdir", "-p", folder]);
  const files = { "nginx.conf": config, "cert.pem": tls?.cert, "key.pem": tls?.key };
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) await host.run(["sh", "-c", `cat >${folder}/${name}`], { input: content });
  }
  const script = `setsid nginx -c ${folder}/nginx.conf >${folder}/said 2>&1 </dev/null & echo $!`;
  const { stdout } = await host.run(["sh", "-c", script]);
  const stop = async () => {
    await host.run(["sh", "-c", `kill -TERM ${stdout.trim()} 2>/dev/null; rm -rf ${folder}`]);
  };
  const url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/v2/`;
  for (let attempt = 0; attempt < 200; attempt++) {
    const { code } = await host.run(["curl", "-sk", "-o", "/dev/null", url]);
    if (code === 0) return { address: `${host.address}:${port}`, stop };
    await sleep(50);
  }
  const said = await host.run(["sh", "-c", `cat ${folder}/said ${folder}/log`]);
  await stop();
  throw new Error(`nginx did not start on ${host.name}: ${said.stdout.slice(-2000)}`);
}
