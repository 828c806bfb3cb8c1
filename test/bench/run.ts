/** `npm run bench`: ratios against what people use today, each in one run. Exit 1 when one was missed. */
import { cpus, release } from "node:os";
import { bundle } from "../../scripts/build.ts";
import { openLab } from "../lab/prerequisites.ts";
import { benchSetup } from "./setup.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);
const { length: count, 0: first } = cpus();
say(
  `${count} × ${first?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
);
const lab = await openLab();
if (!lab.can) {
  say(`skipped: ${lab.reason}`);
} else {
  await bundle();
  const verdicts = await benchSetup();
  for (const { line } of verdicts) say(line);
  process.exitCode = verdicts.every(({ met }) => met) ? 0 : 1;
}
