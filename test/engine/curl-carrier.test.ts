import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { curlArguments, openCurlCarrier, parseCurlOutput } from "../../src/engine/curl-carrier.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { carrierContract } from "./carriers.contract.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe("by curl on the host", () => {
  const host = createLocalHost(spawn);
  carrierContract((path) => openCurlCarrier(host, path), { skip: hasCurl ? false : "curl is not installed" });
});

describe("curlArguments", () => {
  it("leaves the configuration and the proxies of the user out of it", () => {
    const options = { timeoutMs: 2500, maxBytes: 1000 };
    const argv = curlArguments("/run/docker.sock", "GET", "/_ping", options);
    assert.equal(argv[1], "-q");
    assert.deepEqual(argv.slice(argv.indexOf("--noproxy"), argv.indexOf("--noproxy") + 2), [
      "--noproxy",
      "*",
    ]);
    assert.deepEqual(argv.slice(argv.indexOf("--max-time"), argv.indexOf("--max-time") + 2), [
      "--max-time",
      "2.5",
    ]);
    assert.equal(argv.at(-1), "http://engine/_ping");
  });
});

describe("parseCurlOutput", () => {
  it("reads head and body, whatever bytes they have", () => {
    const body = Buffer.from([0, 255, 13, 10, 13, 10, 1]);
    const head = "HTTP/1.1 404 Not Found\r\nApi-Version: 1.41\r\nX-A: 1\r\nx-a: 2\r\nodd line\r\n\r\n";
    const parsed = parseCurlOutput(Buffer.concat([Buffer.from(head), body]));
    assert.deepEqual(parsed, { status: 404, headers: { "api-version": "1.41", "x-a": "1, 2" }, body });
  });

  it("skips interim answers", () => {
    const text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nOK";
    assert.equal(parseCurlOutput(Buffer.from(text))?.body.toString(), "OK");
  });

  for (const text of ["", "OK", "SSH banner\r\n\r\nbody", "HTTP/1.1 200 OK\r\nA: b"]) {
    it(`finds no answer in ${JSON.stringify(text)}`, () => {
      assert.equal(parseCurlOutput(Buffer.from(text)), null);
    });
  }
});
