/**
 * Makes the pictures of docs/pictures/ from the real program: on hosts of the lab, in a terminal of 80 columns. Times,
 * digests and ports are those of the run. As root on Debian: `npm run recordings`, or `npm run recordings -- doctor`
 * for one of them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { textOf } from "./recordings/cells.ts";
import { columns, type Picture, type PictureName, pictures } from "./recordings/pictures.ts";
import { openStage, type Stage } from "./recordings/stage.ts";
import { renderSvg, type Screen } from "./recordings/svg.ts";
import { openTerminal } from "./recordings/terminal.ts";

const folder = fileURLToPath(new URL("../docs/pictures/", import.meta.url));

/** At the end of a film, in seconds: time to read. */
const standing = 8;

type Record = (name: PictureName, user: string, lines: readonly string[]) => Promise<void>;

const registry = "registry.example:5000";

/** `indocker` may use the engine, `nopass` may become root: the words on the screen name neither. */
async function play(stage: Stage, record: Record): Promise<void> {
  await stage.serve("127.0.0.1");
  await record("tunnel", "indocker", ["regctl tunnel ann@server --detach", "regctl tunnel list"]);
  // 5: none runs, since that picture was not wanted.
  await stage.run("indocker", "regctl tunnel stop --all || [ $? = 5 ]");
  await stage.serve("0.0.0.0");
  await record("doctor", "indocker", [`regctl doctor ${registry}`]);
  const setup = `regctl setup insecure ${registry}`;
  await record("setup-insecure", "nopass", [`${setup} --dry-run`, setup]);
  await stage.run("indocker", `regctl use ${registry} --insecure`);
  await record("publish", "indocker", ["regctl publish app:1.0 team/app:1.0", "regctl search app"]);
  await record("quickstart", "indocker", ["regctl quickstart"]);
}

/** One screen without the last prompt, or a film at the picture's pace. */
function cut(screens: readonly Screen[], { pace }: Picture): readonly Screen[] {
  const last = screens.at(-1);
  if (last === undefined) return [];
  if (pace === null) return [{ ...last, rows: last.rows.slice(0, -1) }];
  const [least, most] = pace;
  const paced = screens.map(({ rows, seconds }) => ({
    rows,
    seconds: Math.min(Math.max(seconds, least), most),
  }));
  return [...paced.slice(0, -1), { ...last, seconds: standing }];
}

async function recordPicture(
  stage: Stage,
  name: PictureName,
  user: string,
  lines: readonly string[],
): Promise<void> {
  const picture: Picture = pictures[name];
  await using terminal = await openTerminal({ columns, rows: picture.rows, place: stage.place(user) });
  const screens: Screen[] = [];
  for (const line of lines) screens.push(...(await terminal.enter(line)));
  await mkdir(folder, { recursive: true });
  const svg = renderSvg(cut(screens, picture), { title: picture.title, columns });
  await writeFile(`${folder}${name}.svg`, svg);
  const last = (screens.at(-1)?.rows ?? []).map((row) => `  ${textOf(row)}\n`).join("");
  process.stdout.write(`${name}.svg: ${svg.length} bytes, ${screens.length} screens\n${last}\n`);
}

const wanted = process.argv.slice(2);
await using stage = await openStage();
await play(stage, async (name, user, lines) => {
  if (wanted.length === 0 || wanted.includes(name)) await recordPicture(stage, name, user, lines);
});
