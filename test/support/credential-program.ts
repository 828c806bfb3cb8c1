/** A credential helper as a real program: keeps its logins in one JSON file, answers with the words of Docker's own. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface TestHelper {
  /** The folder to put on the PATH. */
  readonly bin: string;
  /** The file with its logins: `{"KEY": {"Username", "Secret"}}`. */
  readonly file: string;
}

const program = (node: string, file: string, broken: boolean) => `#!${node}
const { readFileSync, writeFileSync, existsSync } = require("node:fs");
const file = ${JSON.stringify(file)};
if (${broken}) { console.error("the keychain is locked"); process.exit(1); }
const all = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const input = process.argv[2] === "list" ? "" : readFileSync(0, "utf8").trim();
const missing = () => { console.log("credentials not found in native keychain"); process.exit(1); };
const save = () => writeFileSync(file, JSON.stringify(all));
switch (process.argv[2]) {
  case "get":
    if (!all[input]) missing();
    console.log(JSON.stringify({ ServerURL: input, ...all[input] }));
    break;
  case "store": {
    const { ServerURL, Username, Secret } = JSON.parse(input);
    all[ServerURL] = { Username, Secret };
    save();
    break;
  }
  case "erase":
    if (!all[input]) missing();
    delete all[input];
    save();
    break;
  case "list":
    console.log(JSON.stringify(Object.fromEntries(Object.entries(all).map(([key, { Username }]) => [key, Username]))));
}
`;

export async function writeHelper(
  folder: string,
  name: string,
  options: { readonly logins?: object; readonly broken?: boolean } = {},
): Promise<TestHelper> {
  const bin = join(folder, "bin");
  const file = join(folder, `${name}.json`);
  await mkdir(bin, { recursive: true });
  const path = join(bin, `docker-credential-${name}`);
  await writeFile(path, program(process.execPath, file, options.broken === true));
  await chmod(path, 0o755);
  await writeFile(file, JSON.stringify(options.logins ?? {}));
  return { bin, file };
}
