import { boolean, option, string } from "@oclif/core/flags";
import { type CommandResult, type InputOf, RegctlCommand } from "../../base-command.ts";
import type { Context } from "../../context.ts";
import { pickFlags } from "../../flags.ts";
import { createNoticeRenderer, type LogFormat } from "../../report/serve-log.ts";
import { planRendering } from "../../report/terminal.ts";
import { readServeSettings, settingsFlags } from "../../serve-flags.ts";
import type { ServerNotice } from "../../server/listener.ts";
import type { ServeOutcome } from "../../server/outcome.ts";
import type { ServiceOutcome } from "../../server/serve-service.ts";
import type { ServeSettings } from "../../server/settings.ts";

/** Twice as much is kept: the file and the one before it. */
const logBytes = 8 * 1024 * 1024;

export default class Serve extends RegctlCommand<ServeOutcome | ServiceOutcome> {
  static override summary = "Serve a registry from this machine.";
  static override description =
    `One process without anything to install: docker, podman, containerd and all others push to it and pull from it, and "docker search HOST:PORT/TERM" works. What it acknowledged is on the disk, whatever is killed afterwards. It listens on this machine alone unless --listen says otherwise. SIGHUP makes it read certificate and users again; SIGTERM and Ctrl-C let what is in flight end.`;
  static override examples = [
    "<%= config.bin %> <%= command.id %>",
    "<%= config.bin %> <%= command.id %> --listen 0.0.0.0:5000 --tls self-signed --htpasswd users --anonymous pull",
    "<%= config.bin %> <%= command.id %> --listen 127.0.0.1:0 --detach --json",
  ];
  static override flags = {
    ...settingsFlags,
    detach: boolean({ char: "d", summary: "Serve in the background, and come back when it does." }),
    log: option({
      options: ["human", "json", "off"] as const,
      summary: "How requests are logged on standard error; json with --progress json, else human.",
    })(),
    "log-file": string({
      helpValue: "FILE",
      summary: "Log to this file instead; when it has 8 MiB, it becomes FILE.1.",
    }),
    service: boolean({
      summary:
        "Have systemd run it, now and with every start of the machine (as root; else of the user's own).",
      exclusive: ["detach", "log-file", "log"],
    }),
    ...pickFlags("yes"),
    print: boolean({ summary: "With --service: print the unit and the commands.", dependsOn: ["service"] }),
    "dry-run": boolean({
      summary: "With --service: show what would be done, and do nothing.",
      dependsOn: ["service"],
      exclusive: ["print"],
    }),
  };

  protected override async execute({
    flags,
  }: InputOf<typeof Serve>): Promise<CommandResult<ServeOutcome | ServiceOutcome>> {
    const context = await this.context({ ssh: "auto" });
    const settings = await readServeSettings(flags, context);
    const { agreeToExposure, serveInBackground } = await import("../../server/serve.ts");
    const agreed = flags.yes || flags.print || flags["dry-run"];
    await agreeToExposure(settings, agreed === true, context);
    if (flags.service) return await this.#install(settings, flags, context);
    const render = async () => (await import("../../report/serve.ts")).renderServe;
    const format = flags.log ?? (flags.progress === "json" ? "json" : "human");
    if (flags.detach) {
      return { document: await serveInBackground(settings, ["--log", format], context), render };
    }
    const { outcome, running } = await this.#serve(settings, format, flags["log-file"], context);
    return { document: outcome, render, running };
  }

  async #install(
    settings: ServeSettings,
    flags: { readonly storage?: string | undefined; readonly "dry-run"?: boolean; readonly print?: boolean },
    context: Context,
  ): Promise<CommandResult<ServiceOutcome>> {
    const { serveAsService } = await import("../../server/serve-service.ts");
    const only = flags["dry-run"] === true || flags.print === true;
    const request = { settings, named: flags.storage !== undefined, only };
    const document = await serveAsService(request, context);
    const render = async () => (await import("../../report/serve-service.ts")).renderService;
    return { document, verbatim: only, render };
  }

  async #serve(settings: ServeSettings, format: LogFormat, logFile: string | undefined, context: Context) {
    const { serve } = await import("../../server/serve.ts");
    const { fromHere } = await import("../../server/settings.ts");
    const { environment, stderr, onHangup } = this.surroundings;
    const log = logFile === undefined ? null : fromHere(logFile, process.cwd());
    const screen = log === null ? stderr : await context.openLogFile(log, logBytes);
    const looks = log === null ? planRendering(environment, stderr) : planRendering(environment, {});
    const render = createNoticeRenderer(format, looks, () => new Date());
    const notice = (told: ServerNotice): void => {
      const text = render(told);
      if (text !== "") screen.write(text);
    };
    const serving = await serve(settings, { ...context, notice, log });
    // A terminal that is closed sends the same signal as somebody who has changed a file.
    onHangup(() => (context.terminalGone() ? serving.stop() : void serving.reload()));
    return serving;
  }
}
