import type { Host } from "../../src/ports.ts";

/** Joins its standard streams to a unix socket, as `docker system dial-stdio` does. */
const dialStdio = `
const socket = require("node:net").connect(process.argv[1]);
socket.on("error", (error) => { process.stderr.write(error.message + "\\n"); process.exit(1); });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit(0));
`;

/** The same host with a stand-in for the docker CLI, which is not on every machine that runs the tests. */
export function dialStdioHost(host: Host): Host {
  return {
    ...host,
    open: (argv) => host.open(argv[0] === "docker" ? standIn(argv) : argv),
  };
}

function standIn(argv: readonly string[]): readonly string[] {
  const path = argv[2]?.replace("unix://", "") ?? "";
  return [process.execPath, "-e", dialStdio, path];
}
