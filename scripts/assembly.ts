/**
 * Compiles assembly/ to WebAssembly and writes it as text into src/system/deflate-code.ts, so that a clone runs as it
 * is. The same source and compiler give the same bytes.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** 64 KiB each: what assembly/layout.ts describes, for two slots. */
const memoryPages = 70;

const options = [
  ...["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--sharedMemory", "--enable", "threads"],
  ...["--memoryBase", "0x100", "--initialMemory", `${memoryPages}`, "--maximumMemory", `${memoryPages}`],
];

/** What is used of the compiler's interface: its own declarations and those of Node cannot be in one program. */
interface Compiler {
  main(
    argv: readonly string[],
    system: {
      readonly stdout: object;
      readonly stderr: object;
      writeFile(name: string, contents: Uint8Array | string): void;
    },
  ): Promise<{ readonly error: Error | null }>;
  createMemoryStream(): object;
}

const compiler: string = "assemblyscript/asc";

async function compile(): Promise<Uint8Array> {
  const written = new Map<string, Uint8Array | string>();
  const asc: Compiler = await import(compiler);
  const told = asc.createMemoryStream();
  const argv = ["assembly/deflate.ts", "--baseDir", root, "--outFile", "deflate.wasm", ...options];
  const { error } = await asc.main(argv, {
    stdout: told,
    stderr: told,
    writeFile: (name, contents) => void written.set(name, contents),
  });
  const binary = written.get("deflate.wasm");
  if (error !== null || typeof binary !== "object") throw new Error(`assembly/: ${error} ${told}`);
  return binary;
}

/** The text that src/system/deflate-code.ts should have. */
export async function readDeflateCode(): Promise<string> {
  const base64 = Buffer.from(await compile()).toString("base64");
  const lines = (base64.match(/.{1,96}/g) ?? []).map((line) => `  "${line}",`);
  return `/** Made by \`npm run assembly\` out of assembly/: WebAssembly in Base64, and the 64 KiB pages that it needs. */
export const deflatePages = ${memoryPages};

export const deflateCode = [
${lines.join("\n")}
].join("");
`;
}

if (import.meta.main) await writeFile(join(root, "src/system/deflate-code.ts"), await readDeflateCode());
