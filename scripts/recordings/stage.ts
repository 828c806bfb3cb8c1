/** Two hosts of the lab: `web1`, where a person sits, and behind it `server`, which has registries. */
import { readFile } from "node:fs/promises";
import { type LabHost, runContainer, startHost, startRegistry } from "../../test/lab/lab.ts";
import { openLab } from "../../test/lab/prerequisites.ts";

export interface Stage extends AsyncDisposable {
  /** What a process of this user on web1 is started with. */
  place(user: string): readonly string[];
  /** Off the picture; has to end well. */
  run(user: string, line: string): Promise<void>;
  /** A registry on server; a second one takes the first one's place. */
  serve(listen: "127.0.0.1" | "0.0.0.0"): Promise<void>;
}

const shim = '#!/bin/sh\nexec /opt/regctl/node_modules/.bin/node /opt/regctl/bin/run.js "$@"\n';

/** Three layers that do not compress, so that there is something to see. */
const makeApp = `set -e
docker tag lab/sleeper:1 app:0
for size in 40 90 20; do
  docker run --network none --name maker-of-app app:0 /bin/busybox dd if=/dev/urandom of=/data-$size bs=1M count=$size
  docker commit maker-of-app app:0
  docker rm maker-of-app
done
docker tag app:0 app:1.0
docker rmi app:0`;

export async function openStage(): Promise<Stage> {
  const ability = await openLab();
  if (!ability.can)
    throw new Error(`recordings are made on hosts of the lab, which cannot run here: ${ability.reason}`);
  const web1 = await startHost("systemd", { name: "web1" });
  try {
    const server = await startHost("bare", { name: "server", behind: web1 });
    return await furnish(web1, server);
  } catch (error) {
    await web1.stop();
    throw error;
  }
}

async function must(host: LabHost, argv: readonly string[], input = "", user = "root"): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, { input, user });
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit ${code}: ${stdout}${stderr}`);
  return stdout;
}

async function furnish(web1: LabHost, server: LabHost): Promise<Stage> {
  const write = (path: string, text: string, mode = "644") =>
    must(web1, ["sh", "-ec", `mkdir -p "$(dirname ${path})"; cat >${path}; chmod ${mode} ${path}`], text);
  await must(server, ["useradd", "--create-home", "ann"]);
  await write("/usr/local/bin/regctl", shim, "755");
  await must(web1, ["sh", "-c", `echo ${server.address} server registry.example >>/etc/hosts`]);
  const ssh = "/home/indocker/.ssh";
  await write(`${ssh}/id_ed25519`, await readFile(server.keyFile, "utf8"), "600");
  await write(`${ssh}/known_hosts`, await readFile(server.knownHosts, "utf8"));
  await must(web1, ["sh", "-ec", `chmod 700 ${ssh}; chown -R indocker: ${ssh}`]);
  await runContainer(web1, "maker");
  await must(web1, ["sh", "-ec", makeApp]);
  let registry: { stop(): Promise<void> } | undefined;
  return {
    place: (user) => placeOn(web1, user),
    run: async (user, line) => void (await must(web1, ["sh", "-c", line], "", user)),
    serve: async (listen) => {
      await registry?.stop();
      registry = await startRegistry(server, { listen });
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await web1.stop();
    },
  };
}

/** A lab host's own `run` has no terminal. */
function placeOn({ initPid }: LabHost, user: string): readonly string[] {
  const path = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const variables = {
    HOME: `/home/${user}`,
    USER: user,
    LOGNAME: user,
    TERM: "xterm",
    LANG: "C.UTF-8",
    PATH: path,
  };
  return [
    ...["nsenter", "-t", String(initPid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--"],
    ...["/usr/bin/env", "-i", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)],
    ...["/sbin/runuser", "-u", user, "--"],
  ];
}
