import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { nextPageOf, parseLinks } from "../../src/registry/link-header.ts";

const page = "https://r.test:5000/v2/_catalog?n=100";

/** The forms of servers.md, section 9, and what RFC 8288 allows beside them. */
const next: readonly (readonly [name: string, header: string, url: string | null])[] = [
  [
    "distribution: relative",
    '</v2/_catalog?last=r100%2Fapp&n=100>; rel="next"',
    "https://r.test:5000/v2/_catalog?last=r100%2Fapp&n=100",
  ],
  [
    "ECR: absolute, with a token",
    '<https://ecr.test/v2/_catalog?NextToken=a%2Bb%3D%3D>; rel="next"',
    "https://ecr.test/v2/_catalog?NextToken=a%2Bb%3D%3D",
  ],
  [
    "Quay: another key",
    '</v2/x/tags/list?n=50&next_page=gAAAA_-%3D>; rel="next"',
    "https://r.test:5000/v2/x/tags/list?n=50&next_page=gAAAA_-%3D",
  ],
  ["relative to the path", "<_catalog?last=a>; rel=next", "https://r.test:5000/v2/_catalog?last=a"],
  ["a query alone", '<?last=a>;rel="next"', "https://r.test:5000/v2/_catalog?last=a"],
  ["without a scheme", '<//other.test/x>; rel="next"', "https://other.test/x"],
  ["commas in the target", '</v2/?a,b;c=d>; rel="next"', "https://r.test:5000/v2/?a,b;c=d"],
  ["other links before", '</a>; rel="prev", </b>; rel="next"', "https://r.test:5000/b"],
  ["several relations", '</a>; rel="last NEXT"', "https://r.test:5000/a"],
  ["other parameters", '</a>; title="x; rel=prev, y"; rel=next; type=t', "https://r.test:5000/a"],
  ["the first rel counts", '</a>; rel="prev"; rel="next"', null],
  ["spaces", ' < /a > ;  rel = "next" ', "https://r.test:5000/a"],
  ["a link that cannot be read before", 'rubbish, </a>; rel="next"', "https://r.test:5000/a"],
  ["no rel", "</a>", null],
  ["another scheme", '<file:///etc/passwd>; rel="next"', null],
  ["no URL", '<https://:x/>; rel="next"', null],
  ["not closed", '</a; rel="next"', null],
  ["empty", "", null],
];

describe("the next page", () => {
  for (const [name, header, url] of next) test(name, () => assert.equal(nextPageOf(header, page), url));
  test("no header", () => assert.equal(nextPageOf(undefined, page), null));
});

test("cursors come through as they are", () => {
  const cursor = fc.string({ unit: fc.constantFrom(..."abcXYZ019-._~%2F+=:@,;!$()*/?"), maxLength: 40 });
  fc.assert(
    fc.property(cursor, (text) => {
      const header = `<https://r.test/v2/_catalog?x=${text}>; rel="next"`;
      assert.equal(nextPageOf(header, page), `https://r.test/v2/_catalog?x=${text}`);
    }),
  );
});

test("every link is found", () => {
  const links = parseLinks('<a>;rel="x y", <b> , <c>;rel=z;q');
  assert.deepEqual(links, [
    { target: "a", relations: ["x", "y"] },
    { target: "b", relations: [] },
    { target: "c", relations: ["z"] },
  ]);
});
