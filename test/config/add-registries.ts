/** CONFIG NAME COUNT: records COUNT registries, one after the other. Started several times at once by a test. */
import { updateSettings } from "../../src/config/store.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";

const [config = "", name = "", count = "0"] = process.argv.slice(2);
const files = createFiles();
const clock = createClock();
for (let index = 0; index < Number(count); index += 1) {
  await updateSettings(
    files,
    { config },
    (settings) => ({
      ...settings,
      registries: { ...settings.registries, [`${name}${index}:5000`]: { insecure: true } },
    }),
    clock,
  );
}
