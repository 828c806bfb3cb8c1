import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { redactText, redactUrl } from "../../src/registry/redact.ts";

const shown: readonly (readonly [url: string, redacted: string])[] = [
  ["https://r.test/v2/a/manifests/1", "https://r.test/v2/a/manifests/1"],
  ["https://r.test/v2/_catalog?n=100&last=a%2Fb", "https://r.test/v2/_catalog?n=100&last=a%2Fb"],
  ["https://r.test/v2/_catalog?n=100&NextToken=abc", "https://r.test/v2/_catalog?n=100&NextToken=…"],
  ["/v2/a/blobs/uploads/1?_state=abc&digest=sha256:d", "/v2/a/blobs/uploads/1?_state=…&digest=sha256:d"],
  [
    "https://a.test/token?service=r&scope=repository:a:pull&account=joe",
    "https://a.test/token?service=r&scope=repository:a:pull&account=…",
  ],
  ["https://u:p@r.test/v2/", "https://…@r.test/v2/"],
  ["https://u:p@x@r.test/v2/", "https://…@r.test/v2/"],
  ["//u:p@r.test/", "//…@r.test/"],
  ["https://r.test/?s3cret", "https://r.test/?…"],
  ["https://r.test/?%6e=s3cret", "https://r.test/?…"],
  ["https://r.test/x#access_token=abc", "https://r.test/x"],
  ["https://u:pa/ss@r.test/", "https://…"],
  ["https://[", "https://…"],
  ["", ""],
];

test("URLs", () => {
  for (const [url, redacted] of shown) assert.equal(redactUrl(url), redacted, url);
});

test("a secret does not come through, wherever it stands", () => {
  const secret = "s3cretS3CRET";
  const piece = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const key = fc
    .stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
    .filter((name) => redactUrl(`/?${name}=x`).endsWith("…"));
  const url = fc.tuple(piece, piece, key, fc.constantFrom(0, 1, 2, 3)).map(([host, path, name, place]) => {
    const inside = (at: number, text: string) => (at === place ? text : "");
    const user = inside(0, `${name}:${secret}@`);
    const query = inside(1, `&${name}=${secret}`) + inside(2, `&${secret}`);
    return `https://${user}${host}.test/${path}?n=1${query}${inside(3, `#${secret}`)}`;
  });
  fc.assert(
    fc.property(url, (text) => {
      assert.ok(text.includes(secret));
      assert.ok(!redactUrl(text).includes(secret), redactUrl(text));
      assert.ok(!redactText(`Get "${text}": denied (${text})`).includes(secret));
    }),
  );
});

test("texts keep what is no URL", () => {
  assert.equal(redactText('Get "https://u:p@h.test/?k=v": EOF'), 'Get "https://…@h.test/?k=…": EOF');
  assert.equal(redactText("no URL here: a=b"), "no URL here: a=b");
});
