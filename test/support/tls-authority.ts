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
  /** Of `cert` and the intermediate that signed it. */
  readonly chain?: string;
}

export interface IssueOptions {
  /** `IP:127.0.0.1`, `DNS:localhost`; default both. None at all: it has a common name alone. */
  readonly names?: readonly string[];
  readonly client?: boolean;
  /** Ended yesterday. */
  readonly expired?: boolean;
  /** First valid so many days from now. */
  readonly inDays?: number;
  /** Signed by an intermediate of this authority, which is in `chain` alone. */
  readonly byIntermediate?: boolean;
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
  const request = (name: string, file: (ending: string) => string) =>
    openssl("req", ...keyOptions, "-subj", `/CN=${name}`, "-keyout", file("key"), "-out", file("csr"));
  /** Files of the intermediate, made when it is first wanted. */
  let intermediate: Promise<string> | undefined;
  const openIntermediate = async (): Promise<string> => {
    const file = (ending: string) => at(`intermediate.${ending}`);
    await request(`${name} Intermediate`, file);
    await writeFile(file("ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
    await openssl(
      ...["x509", "-req", "-in", file("csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
      ...["-set_serial", "1000000", "-days", "2", "-extfile", file("ext"), "-out", file("pem")],
    );
    return at("intermediate");
  };
  const issue = async (options: IssueOptions = {}): Promise<Issued> => {
    count += 1;
    const serial = count;
    const file = (ending: string) => at(`${serial}.${ending}`);
    const names = options.names ?? ["IP:127.0.0.1", "DNS:localhost"];
    const usage = options.client === true ? "clientAuth" : "serverAuth";
    const alternative = names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`;
    await writeFile(file("ext"), `${alternative}extendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`);
    await request(`test ${serial}`, file);
    if (options.byIntermediate === true) intermediate ??= openIntermediate();
    const signer = options.byIntermediate === true ? ((await intermediate) ?? "") : at("ca");
    if (options.inDays === undefined) {
      await openssl(
        ...["x509", "-req", "-in", file("csr"), "-CA", `${signer}.pem`, "-CAkey", `${signer}.key`],
        ...["-set_serial", String(serial), "-days", options.expired === true ? "-1" : "1"],
        ...["-extfile", file("ext"), "-out", file("pem")],
      );
    } else {
      await signLater(file, signer, options.inDays);
    }
    const cert = await readFile(file("pem"), "utf8");
    const chain =
      options.byIntermediate === true ? { chain: cert + (await readFile(`${signer}.pem`, "utf8")) } : {};
    return { cert, key: await readFile(file("key"), "utf8"), ...chain };
  };
  /** `openssl x509` takes a first day from 3.4 on, `openssl ca` always did. */
  const signLater = async (file: (ending: string) => string, signer: string, days: number): Promise<void> => {
    const dayFrom = (later: number) => {
      const date = new Date(Date.now() + later * 86_400_000).toISOString();
      return `${date.slice(0, 19).replace(/[-:T]/g, "")}Z`;
    };
    const lines = ["[ca]", "default_ca=it", "[it]", `database=${file("db")}`, `new_certs_dir=${folder.path}`];
    const rules = ["default_md=sha256", "policy=any", "rand_serial=yes", "[any]", "commonName=supplied"];
    await writeFile(file("cnf"), `${[...lines, ...rules].join("\n")}\n`);
    await writeFile(file("db"), "");
    await openssl(
      ...["ca", "-batch", "-notext", "-config", file("cnf"), "-in", file("csr"), "-out", file("pem")],
      ...["-cert", `${signer}.pem`, "-keyfile", `${signer}.key`, "-extfile", file("ext")],
      ...["-startdate", dayFrom(days), "-enddate", dayFrom(days + 20)],
    );
  };
  return {
    ca: await readFile(at("ca.pem"), "utf8"),
    caPath: at("ca.pem"),
    issue,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
