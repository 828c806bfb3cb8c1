import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { proxyFor } from "../../../src/registry/http/proxy.ts";

const proxy = "http://proxy.test:3128";

for (const [url, environment, expected] of [
  ["https://reg.test/", {}, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy }, proxy],
  ["https://reg.test/", { https_proxy: proxy }, proxy],
  ["https://reg.test/", { HTTP_PROXY: proxy }, null],
  ["http://reg.test/", { http_proxy: proxy }, proxy],
  ["http://reg.test/", { HTTP_PROXY: "proxy.test:3128" }, proxy],
  ["https://reg.test/", { HTTPS_PROXY: "", https_proxy: proxy }, proxy],
  ["https://localhost:5000/", { HTTPS_PROXY: proxy }, null],
  ["http://127.1.2.3/", { HTTP_PROXY: proxy }, null],
  ["http://[::1]:5000/", { HTTP_PROXY: proxy }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "*" }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test" }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, no_proxy: "other, REG.test" }, null],
  ["https://a.reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test" }, null],
  ["https://a.reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: ".reg.test" }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: ".reg.test,*.reg.test" }, proxy],
  ["https://areg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test" }, proxy],
  ["https://reg.test:5000/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test:5000" }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test:443" }, null],
  ["https://reg.test/", { HTTPS_PROXY: proxy, NO_PROXY: "reg.test:5000" }, proxy],
  ["https://10.1.2.3/", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, null],
  ["https://11.1.2.3/", { HTTPS_PROXY: proxy, NO_PROXY: "10.0.0.0/8" }, proxy],
  ["https://10.1.2.3/", { HTTPS_PROXY: proxy, NO_PROXY: "10.1.2.3" }, null],
  ["https://[fd00::1]/", { HTTPS_PROXY: proxy, NO_PROXY: "fd00::/8" }, null],
  ["https://[fd00::1]:5000/", { HTTPS_PROXY: proxy, NO_PROXY: "[fd00::1]:5000" }, null],
] as const) {
  test(`${url} with ${JSON.stringify(environment)}`, () => {
    assert.equal(proxyFor(new URL(url), environment), expected);
  });
}

test("what is no address is said without showing it", () => {
  const environment = { HTTPS_PROXY: "http://me:secret@:x" };
  assert.throws(
    () => proxyFor(new URL("https://reg.test/"), environment),
    (error) => isRegctlError(error, "USAGE") && !JSON.stringify(error.facts).includes("secret"),
  );
});
