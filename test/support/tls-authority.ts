/** A certificate authority of a test's own, made by the openssl program. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTempHome } from "./temp-home.ts";

const run = promisify(execFile);

export interface Issued {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** `IP:127.0.0.1`, `DNS:localhost`; default both. */
  readonly names?: readonly string[];
  readonly client?: boolean;
  /** Ended yesterday. */
  readonly expired?: boolean;
}

export interface TlsAuthority extends AsyncDisposable {
  /** PEM, and where it is. */
  readonly ca: string;
  readonly caPath: string;
  issue(options?: IssueOptions): Promise<Issued>;
}

/** Why no authority can be made here, or false. For `skip` of a test. */
export const withoutOpenssl: string | false = await run("openssl", ["version"]).then(
  () => false,
  () => "openssl is not installed",
);

const keyOptions = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export async function createTlsAuthority(name = "Test Authority"): Promise<TlsAuthority> {
  const folder = await createTempHome();
  const at = (file: string) => join(folder.path, file);
  const openssl = (...args: readonly string[]) => run("openssl", [...args]);
  const extensions = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign",
  ];
  await openssl(
    ...["req", "-x509", ...keyOptions, "-days", "2", "-subj", `/CN=${name}`, ...extensions],
    ...["-keyout", at("ca.key"), "-out", at("ca.pem")],
  );
  let count = 0;
  const issue = async (options: IssueOptions = {}): Promise<Issued> => {
    count += 1;
    const file = (ending: string) => at(`${count}.${ending}`);
    const names = (options.names ?? ["IP:127.0.0.1", "DNS:localhost"]).join(",");
    const usage = options.client === true ? "clientAuth" : "serverAuth";
    await writeFile(
      file("ext"),
      `subjectAltName=${names}\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`,
    );
    await openssl(
      "req",
      ...keyOptions,
      "-subj",
      `/CN=test ${count}`,
      "-keyout",
      file("key"),
      "-out",
      file("csr"),
    );
    await openssl(
      ...["x509", "-req", "-in", file("csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
      ...["-set_serial", String(count), "-days", options.expired === true ? "-1" : "1"],
      ...["-extfile", file("ext"), "-out", file("pem")],
    );
    return { cert: await readFile(file("pem"), "utf8"), key: await readFile(file("key"), "utf8") };
  };
  return {
    ca: await readFile(at("ca.pem"), "utf8"),
    caPath: at("ca.pem"),
    issue,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
