import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { meansNotFound, messageOfErrorBody, parseErrorBody } from "../../src/registry/error-body.ts";

const json = (value: unknown) => JSON.stringify(value);

const bodies: readonly (readonly [name: string, body: string, message: string | null])[] = [
  [
    "the OCI's",
    json({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown", detail: { Tag: "1.0" } }] }),
    "manifest unknown (Tag: 1.0)",
  ],
  [
    "several, and one of them twice",
    json({
      errors: [
        { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown", detail: { digest: "sha256:a" } },
        { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown", detail: { digest: "sha256:b" } },
        { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown", detail: { digest: "sha256:b" } },
      ],
    }),
    "blob unknown (digest: sha256:a); blob unknown (digest: sha256:b)",
  ],
  ["a code alone", json({ errors: [{ code: "NAME_UNKNOWN" }] }), "name unknown"],
  ["a detail of text", json({ errors: [{ code: "DENIED", message: "no", detail: "quota" }] }), "no (quota)"],
  [
    "a detail of lists",
    json({ errors: [{ code: "X", message: "no", detail: [{ Type: "repository" }] }] }),
    "no",
  ],
  ["Artifactory", json({ errors: [{ status: 404, message: "Unable to find" }] }), "Unable to find"],
  ["a registry of version 1", json({ error: "Repository not found" }), "Repository not found"],
  ["OAuth2", json({ error: "invalid_grant", error_description: "expired" }), "expired"],
  [
    "Docker's token server",
    json({ details: "incorrect username or password" }),
    "incorrect username or password",
  ],
  ["Google", json({ error: { code: 403, message: "denied by policy", status: "X" } }), "denied by policy"],
  ["the engine and GitHub", json({ message: "toomanyrequests", documentation_url: "x" }), "toomanyrequests"],
  ["a JSON text", json("go away"), "go away"],
  ["JSON that nobody knows", json({ ok: false }), '{"ok":false}'],
  ["an empty object", "{}", null],
  ["nothing", "", null],
  ["spaces", " \r\n ", null],
  ["plain text (a registry that is read-only)", "Method not allowed\n", "Method not allowed"],
  [
    "nginx",
    "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body></body></html>",
    "413 Request Entity Too Large",
  ],
  ["HTML without a title", "<!doctype html><p>Sign <b>in</b> &amp; go</p>", "Sign in & go"],
];

describe("what a person reads", () => {
  for (const [name, body, message] of bodies)
    test(name, () => assert.equal(messageOfErrorBody(body), message));

  test("bytes are read like texts", () => {
    assert.equal(messageOfErrorBody(Buffer.from('{"message":"x"}'), "text/plain"), "x");
    assert.equal(messageOfErrorBody(Buffer.from("<p>x"), "text/html"), "x");
  });

  test("one line, bounded, without control characters and secrets", () => {
    const message = messageOfErrorBody(`a\u001b[31m\n\tb ${"x".repeat(5000)}`) ?? "";
    assert.match(message, /^a \[31m b x+…$/);
    assert.equal(message.length, 300);
    const told = messageOfErrorBody(json({ message: "see https://u:p@s3.test/k?X-Amz-Signature=abc&n=1" }));
    assert.equal(told, "see https://…@s3.test/k?X-Amz-Signature=…&n=1");
  });

  test("a thousand errors are twenty", () => {
    const many = {
      errors: Array.from({ length: 1000 }, (_, index) => ({ code: "X", message: String(index) })),
    };
    assert.equal(parseErrorBody(json(many)).length, 20);
  });
});

test("codes are in upper case, and null when they are none", () => {
  const codes = (value: unknown) => parseErrorBody(json(value)).map(({ code }) => code);
  assert.deepEqual(codes({ errors: [{ code: "name_unknown" }, { code: 404, message: "x" }] }), [
    "NAME_UNKNOWN",
    null,
  ]);
  assert.deepEqual(codes({ error: "invalid_grant" }), ["INVALID_GRANT"]);
  assert.deepEqual(codes({ error: "Not found" }), [null]);
});

test("not found has many shapes", () => {
  const means = (status: number, value: unknown) => meansNotFound(status, parseErrorBody(json(value)));
  assert.ok(means(404, {}));
  assert.ok(means(400, { errors: [{ code: "MANIFEST_UNKNOWN", message: "" }] }));
  assert.ok(means(400, { errors: [{ code: "NAME_UNKNOWN", message: "x" }] }));
  assert.ok(means(500, { errors: [{ code: "UNKNOWN", message: "Not Found" }] }));
  assert.ok(means(500, { errors: [{ code: "UNKNOWN", message: "artifact a/b:1 not found" }] }));
  assert.ok(!means(500, { errors: [{ code: "UNKNOWN", message: "unknown error" }] }));
  assert.ok(!means(403, { errors: [{ code: "DENIED", message: "not found" }] }));
  assert.ok(!means(500, {}));
});
