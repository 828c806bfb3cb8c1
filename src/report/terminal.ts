/** What a stream can show, decided from plain facts: colour, width, and whether letters beyond ASCII arrive. */
import type { Environment } from "../ports.ts";

/** What every renderer is told. `columns` is at least 40, and 1000 where no screen limits it. */
export interface RenderOptions {
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
  /** What the person begins our command lines with; `regctl` when left out. */
  readonly program?: string;
}

const leastColumns = 40;
/** Where nobody looks at a screen nothing is cut or broken: logs stay greppable, pipes lose nothing. */
const unlimitedColumns = 1000;

function planColor(environment: Environment, isTty: boolean): boolean {
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (environment.NO_COLOR) return false;
  return isTty && environment.TERM !== "dumb";
}

/** As the C library reads them: the first that is set and not empty decides. None means plain ASCII. */
function planUnicode(environment: Environment): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "C";
  return /utf-?8/i.test(locale);
}

export function planRendering(
  environment: Environment,
  stream: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  program = "regctl",
): RenderOptions {
  const columns = stream.columns ?? Number.parseInt(environment.COLUMNS ?? "", 10);
  return {
    columns: columns > 0 ? Math.max(columns, leastColumns) : unlimitedColumns,
    color: planColor(environment, stream.isTTY === true),
    unicode: planUnicode(environment),
    program,
  };
}
