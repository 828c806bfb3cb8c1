/** How programs show a bare status: containerd, the containers tools, oras and helm, crane, docker. `codes` is an expression. */
export const status = (codes: string, before = ""): RegExp =>
  new RegExp(
    `(?:${before}unexpected (?:HTTP )?status(?: code)?(?: from \\w{3,6} request to \\S{1,600})?: |failed with status code \\[[^\\]\\n]{1,300}\\]: |StatusCode: |response status code |unexpected status code [^:\\n]{0,300}: |error parsing HTTP |HTTP (?:response )?status(?: code)? )(?:${codes})\\b`,
  );
