import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isRegctlError } from "../../src/errors.ts";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { apiHostOf } from "../../src/registry/docker-hub.ts";
import {
  manifestKeyOf,
  parseReference,
  parseRepository,
  type Reference,
  renderFamiliar,
  renderReference,
  withDefaultTag,
} from "../../src/registry/reference.ts";

const hex = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a";
const sha256: Digest = `sha256:${hex}`;
const sha512 = computeDigest("", "sha512");

/** What distribution/reference v0.6 reads out of each (its own test cases among them), and how it writes it short. */
const taken: readonly (readonly [given: string, registry: string, repository: string, familiar: string])[] = [
  ["alpine", "docker.io", "library/alpine", "alpine"],
  ["library/debian", "docker.io", "library/debian", "debian"],
  ["docker.io/debian", "docker.io", "library/debian", "debian"],
  ["docker.io/library/debian", "docker.io", "library/debian", "debian"],
  ["index.docker.io/debian", "docker.io", "library/debian", "debian"],
  ["index.docker.io/library/debian", "docker.io", "library/debian", "debian"],
  ["docker/docker", "docker.io", "docker/docker", "docker/docker"],
  ["index.docker.io/docker/docker", "docker.io", "docker/docker", "docker/docker"],
  ["library/foo/bar", "docker.io", "library/foo/bar", "library/foo/bar"],
  ["docker.io/library/foo/bar", "docker.io", "library/foo/bar", "library/foo/bar"],
  ["other/library", "docker.io", "other/library", "other/library"],
  ["ubuntu-12.04-base", "docker.io", "library/ubuntu-12.04-base", "ubuntu-12.04-base"],
  ["test_com/foo", "docker.io", "test_com/foo", "test_com/foo"],
  ["dock__er/docker", "docker.io", "dock__er/docker", "dock__er/docker"],
  ["docker---rules/docker", "docker.io", "docker---rules/docker", "docker---rules/docker"],
  ["d/t", "docker.io", "d/t", "d/t"],
  ["localhost", "docker.io", "library/localhost", "localhost"],
  ["192.168.0.1", "docker.io", "library/192.168.0.1", "192.168.0.1"],
  ["localhost/app", "localhost", "app", "localhost/app"],
  ["127.0.0.1:5000/library/debian", "127.0.0.1:5000", "library/debian", "127.0.0.1:5000/library/debian"],
  ["192.168.0.2:25000/debian", "192.168.0.2:25000", "debian", "192.168.0.2:25000/debian"],
  [
    "example.com:8000/private/moonbase",
    "example.com:8000",
    "private/moonbase",
    "example.com:8000/private/moonbase",
  ],
  ["test-com:8080/foo", "test-com:8080", "foo", "test-com:8080/foo"],
  ["test:5000/repo", "test:5000", "repo", "test:5000/repo"],
  ["xn--n3h.com:18080/foo", "xn--n3h.com:18080", "foo", "xn--n3h.com:18080/foo"],
  ["sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com", "bar/baz/quux", "sub-dom1.foo.com/bar/baz/quux"],
  [
    "b.gcr.io/test.example.com/my-app",
    "b.gcr.io",
    "test.example.com/my-app",
    "b.gcr.io/test.example.com/my-app",
  ],
  // Capital letters no repository may have, so what has them is a host, and stays as it was typed.
  ["Foo/bar", "Foo", "bar", "Foo/bar"],
  ["DOCKER/docker", "DOCKER", "docker", "DOCKER/docker"],
  ["Docker.IO/foo", "Docker.IO", "foo", "Docker.IO/foo"],
  ["[fc00::1]:5000/docker", "[fc00::1]:5000", "docker", "[fc00::1]:5000/docker"],
  ["[2001:db8:1:2:3:4:5:6]/repo", "[2001:db8:1:2:3:4:5:6]", "repo", "[2001:db8:1:2:3:4:5:6]/repo"],
  ["[2001:db8::]:5000/repo", "[2001:db8::]:5000", "repo", "[2001:db8::]:5000/repo"],
];

describe("names", () => {
  for (const [given, registry, repository, familiar] of taken) {
    test(given, () => {
      const reference = parseReference(given);
      assert.deepEqual(reference, { registry, repository });
      assert.equal(renderReference(reference), `${registry}/${repository}`);
      assert.equal(renderFamiliar(reference), familiar);
    });
  }

  test("64 hex digits are a name behind a registry, and are not written without it", () => {
    const reference = parseReference(`docker.io/${hex}`);
    assert.equal(reference.repository, `library/${hex}`);
    assert.equal(renderFamiliar(reference), `library/${hex}`);
    assert.equal(renderFamiliar(withDefaultTag(reference)), `${hex}:latest`);
    assert.equal(parseReference(hex.slice(1)).repository, `library/${hex.slice(1)}`);
  });

  test("have at most 255 characters, library/ included and the registry not", () => {
    const name = "a".repeat(247);
    assert.equal(parseReference(name).repository.length, 255);
    assert.equal(problemOf(`${name}a`), "its name has 256 characters, and 255 are allowed");
    assert.equal(parseReference(`r.example.test/${"a/".repeat(127)}a`).repository.length, 255);
    assert.match(problemOf(`r.test/${"a/".repeat(127)}ab`), /256 characters/);
  });
});

test("tags and digests", () => {
  const name = { registry: "docker.io", repository: "library/a" };
  assert.deepEqual(parseReference("a:1"), { ...name, tag: "1" });
  assert.deepEqual(parseReference("a:_X.y-z"), { ...name, tag: "_X.y-z" });
  assert.deepEqual(parseReference("192.168.0.1:80"), {
    registry: "docker.io",
    repository: "library/192.168.0.1",
    tag: "80",
  });
  assert.deepEqual(parseReference(`a@${sha256}`), { ...name, digest: sha256 });
  assert.deepEqual(parseReference(`a:t@${sha512}`), { ...name, tag: "t", digest: sha512 });
  assert.equal(parseReference(`a:${"t".repeat(128)}`).tag?.length, 128);
  assert.match(problemOf(`a:${"t".repeat(129)}`), /tag has 129 characters, and 128 are allowed/);
  assert.deepEqual(parseReference("test:5000/repo:5050"), {
    registry: "test:5000",
    repository: "repo",
    tag: "5050",
  });
  assert.equal(renderFamiliar(parseReference(`docker.io/library/a:t@${sha256}`)), `a:t@${sha256}`);
});

test("latest is meant where nothing is said, and written only when asked for", () => {
  assert.equal(parseReference("a").tag, undefined);
  assert.equal(renderReference(withDefaultTag(parseReference("a"))), "docker.io/library/a:latest");
  assert.equal(renderReference(withDefaultTag(parseReference("a:1"))), "docker.io/library/a:1");
  assert.equal(withDefaultTag(parseReference(`a@${sha256}`)).tag, undefined);
  assert.equal(manifestKeyOf(parseReference("a")), "latest");
  assert.equal(manifestKeyOf(parseReference("a:1")), "1");
  assert.equal(manifestKeyOf(parseReference(`a:1@${sha256}`)), sha256);
});

test("a default registry stands in for Docker Hub", () => {
  const options = { defaultRegistry: "r.test:5000" };
  assert.deepEqual(parseReference("app:1", options), {
    registry: "r.test:5000",
    repository: "app",
    tag: "1",
  });
  assert.equal(renderFamiliar(parseReference("app:1", options), options), "app:1");
  assert.equal(parseReference("docker.io/app", options).repository, "library/app");
  assert.equal(renderFamiliar(parseReference("alpine"), options), "docker.io/alpine");
  assert.equal(parseReference("alpine", { defaultRegistry: "index.docker.io" }).registry, "docker.io");
  // Without its registry this would be an image of localhost.
  const clash = parseReference("r.test:5000/localhost/app", options);
  assert.equal(renderFamiliar(clash, options), "r.test:5000/localhost/app");
});

test("Docker Hub answers under another name", () => {
  assert.equal(apiHostOf("docker.io"), "registry-1.docker.io");
  assert.equal(apiHostOf("index.docker.io"), "registry-1.docker.io");
  assert.equal(apiHostOf("r.test:5000"), "r.test:5000");
});

function factsOf(parse: () => unknown): { given: string; problem: string; type?: string } {
  try {
    parse();
  } catch (error) {
    assert.ok(isRegctlError(error, "BAD_REFERENCE"), String(error));
    return error.facts;
  }
  return assert.fail("it was taken");
}

const problemOf = (given: string): string => factsOf(() => parseReference(given)).problem;

const refused: readonly (readonly [given: string, problem: RegExp, type?: string])[] = [
  ["", /empty/],
  [" alpine", /space/, "alpine"],
  ["alp ine", /space/],
  ["a\u0000", /space/],
  [hex, /identifier/],
  ["https://github.com/docker/docker", /https:\/\//, "github.com/docker/docker"],
  ["http://r.test:5000/app/", /http:\/\//, "r.test:5000/app"],
  ["docker/Docker", /capital/, "docker/docker"],
  ["docker.io/docker/Docker", /capital/, "docker.io/docker/docker"],
  ["Uppercase:tag", /capital/, "uppercase:tag"],
  ["test:5000/Uppercase/lowercase:tag", /capital/, "test:5000/uppercase/lowercase:tag"],
  ["-docker/docker", /begins and ends/],
  ["docker-/docker", /begins and ends/],
  ["_docker/_docker", /begins and ends/],
  ["____/____", /begins and ends/],
  ["dock..er/docker", /HOST\[:PORT\]/],
  ["x/dock..er", /begins and ends/],
  ["x/dock_.er", /begins and ends/],
  ["x/dock-.er", /begins and ends/],
  ["x/dock___er", /begins and ends/],
  ["docker///docker", /empty beside a slash/, "docker/docker"],
  ["docker/", /empty beside a slash/, "docker"],
  ["/docker", /empty beside a slash/, "docker"],
  ["r.test/", /no name/],
  ["aa/asdf$$^/aa", /holds no \$/],
  ["é/a", /holds no é/],
  [":justtag", /no name/],
  [`@${sha256}`, /no name/],
  ["a:", /tag is empty/],
  ["a:-x", /does not begin/],
  ["a:x:y", /tag holds no :/],
  ["a:x+y", /tag holds no \+/],
  ["a@", /ALGORITHM:HEX/],
  ["a@x", /ALGORITHM:HEX/],
  ["a@invaliddigest:ffff", /not "invaliddigest"/],
  ["a@__proto__:ffff", /not "__proto__"/],
  [`a@sha256:${hex.slice(1)}`, /64 hex digits, not 63/],
  [`a@sha512:${hex}`, /128 hex digits, not 64/],
  [`a@sha256:${hex.toUpperCase()}`, /lower case/],
  [`a@sha256:${hex.slice(1)}g`, /0 to 9/],
  [`a@${sha256}:tag`, /64 hex digits/],
  ["-docker.io/docker/docker", /HOST\[:PORT\]/],
  ["fc00::1:5000/debian", /brackets/],
  ["[fc00::1]", /holds no \[/],
  ["[fc00::1]:5000", /holds no \[/],
  ["[fe80::1%eth0]:5000/debian", /zone/],
  ["[2001:db8:3:4::192.0.2.33]:5000/debian", /HOST\[:PORT\]/],
  // Docker's grammar takes these, and nothing can reach them.
  ["my_host.test/app", /underscore/],
  ["[:::]:5000/a", /neither/],
  ["1.2.3.400/a", /neither/],
  ["127.1:5000/a", /spelling of 127\.0\.0\.1/, "127.0.0.1:5000/a"],
  ["r.test:0/a", /1 to 65535/],
  ["r.test:65536/a", /1 to 65535/],
  ["a".repeat(2000), /longer than any/],
];

test("what is refused, why, and what to type instead", () => {
  for (const [given, problem, type] of refused) {
    const facts = factsOf(() => parseReference(given));
    assert.match(facts.problem, problem, given);
    assert.equal(facts.type, type, given);
    assert.doesNotMatch(facts.given + facts.problem, /\p{Cc}/u);
    assert.ok(facts.given.length <= 301);
  }
});

test("a password in the text is not repeated, a digest is", () => {
  assert.equal(factsOf(() => parseReference("https://joe:s3cret@r.test/app")).given, "https://…@r.test/app");
  assert.equal(factsOf(() => parseReference("joe:s3cret@r.test/app")).given, "…@r.test/app");
  assert.equal(factsOf(() => parseReference(`A@${sha256}`)).given, `A@${sha256}`);
});

test("a repository has neither tag nor digest", () => {
  assert.deepEqual(parseRepository("r.test/a"), { registry: "r.test", repository: "a" });
  assert.equal(factsOf(() => parseRepository("a:1")).type, "a");
  assert.equal(factsOf(() => parseRepository(`r.test/a@${sha256}`)).type, "r.test/a");
});

test("whatever is written, short or in full, is read as the same image", () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,5}$/);
  const path = fc
    .array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .chain((parts) =>
      fc
        .constantFrom(".", "_", "__", "-", "---")
        .map((mark) => parts.map((words) => words.join(mark)).join("/")),
    );
  const registry = fc.constantFrom(
    "docker.io",
    "localhost",
    "r.test",
    "R.test:5000",
    "[::1]:5000",
    "10.0.0.1:80",
    "Foo",
  );
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
  const reference = fc
    .record(
      { registry, repository: path, tag, digest: fc.constantFrom<Digest>(sha256, sha512) },
      { requiredKeys: ["registry", "repository"] },
    )
    .map((made): Reference => {
      const official = made.registry === "docker.io" && !made.repository.includes("/");
      return { ...made, ...(official ? { repository: `library/${made.repository}` } : {}) };
    });
  const options = fc.record({ defaultRegistry: registry }, { requiredKeys: [] });
  fc.assert(
    fc.property(reference, options, (made, chosen) => {
      assert.deepEqual(parseReference(renderReference(made), chosen), made);
      const familiar = renderFamiliar(made, chosen);
      assert.deepEqual(parseReference(familiar, chosen), made, familiar);
      assert.ok(familiar.length <= renderReference(made).length);
    }),
    { numRuns: 1000 },
  );
});
