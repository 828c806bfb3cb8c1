/** Whether a port can be listened at, found out by doing it for a moment. */
import { once } from "node:events";
import { createServer } from "node:net";

/** An address that this machine does not have (IPv6 switched off) keeps nobody from its port. */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
  }
  server.close();
  await once(server, "close");
  return true;
}
