import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashSync } from "bcryptjs";
import { createPasswords, usualPasswordLimits } from "../../../src/server/auth/passwords.ts";
import { createComparePassword } from "../../../src/system/bcrypt.ts";

function world(limits = {}) {
  const time = { ms: 1_000_000 };
  const compared: string[] = [];
  const compare = async (password: string, hash: string) => {
    compared.push(password);
    return hash === `hash of ${password}`;
  };
  const entries = new Map([
    ["alice", "hash of secret"],
    ["bob", "hash of hidden"],
  ]);
  const clock = { now: () => new Date(time.ms) };
  const passwords = createPasswords(entries, compare, clock, { ...usualPasswordLimits, ...limits });
  return { passwords, compared, time };
}

describe("passwords", () => {
  test("right and wrong ones, and users that there are not", async () => {
    const { passwords } = world();
    assert.equal((await passwords.check("alice", "secret", "a")).kind, "right");
    assert.equal((await passwords.check("alice", "hidden", "a")).kind, "wrong");
    assert.equal((await passwords.check("carol", "secret", "a")).kind, "wrong");
    assert.equal((await passwords.check("alice", "", "a")).kind, "wrong");
  });

  test("a pair is compared once for a while, right or wrong; an unknown user costs as much", async () => {
    const { passwords, compared, time } = world();
    for (let count = 0; count < 3; count += 1) await passwords.check("alice", "secret", "a");
    for (let count = 0; count < 3; count += 1) await passwords.check("alice", "no", "a");
    await passwords.check("carol", "x", "a");
    assert.deepEqual(compared, ["secret", "no", "x"]);
    time.ms += usualPasswordLimits.rightMs + 1;
    await passwords.check("alice", "secret", "a");
    assert.equal(compared.length, 4);
  });

  test("an unknown user is compared with a hash of the file, whatever its cost is", async () => {
    const hashes: string[] = [];
    const compare = async (_password: string, hash: string) => hashes.push(hash) > 0;
    const clock = { now: () => new Date() };
    const passwords = createPasswords(new Map([["alice", "her hash"]]), compare, clock);
    assert.equal((await passwords.check("carol", "x", "a")).kind, "wrong");
    assert.deepEqual(hashes, ["her hash"]);
  });

  test("many requests at once with one pair are one comparison", async () => {
    const { passwords, compared } = world();
    await Promise.all(Array.from({ length: 20 }, () => passwords.check("alice", "secret", "a")));
    assert.deepEqual(compared, ["secret"]);
  });

  test("guessing makes the next guess wait: for that user, from that address, longer each time", async () => {
    const { passwords, compared, time } = world({ freeTries: 3 });
    const guess = (word: string, remote = "a") => passwords.check("alice", word, remote);
    for (const word of ["1", "2", "3"]) assert.equal((await guess(word)).kind, "wrong");
    assert.deepEqual(await guess("4"), { kind: "later", seconds: 1 });
    assert.equal((await guess("secret", "b")).kind, "right");
    assert.equal((await passwords.check("bob", "hidden", "a")).kind, "right");
    time.ms += 1001;
    assert.equal((await guess("5")).kind, "wrong");
    assert.deepEqual(await guess("6"), { kind: "later", seconds: 2 });
    assert.deepEqual(compared.includes("4") || compared.includes("6"), false);
    time.ms += 2001;
    assert.equal((await guess("another secret")).kind, "wrong");
  });

  test("no more wait for their turn than allowed", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const clock = { now: () => new Date() };
    const limits = { ...usualPasswordLimits, queue: 2 };
    const passwords = createPasswords(new Map(), () => promise, clock, limits);
    const first = [passwords.check("a", "1", "x"), passwords.check("b", "2", "x")];
    assert.deepEqual(await passwords.check("c", "3", "x"), { kind: "later", seconds: 1 });
    resolve(false);
    await Promise.all(first);
  });

  test("another file counts at once, also for who was remembered or is being compared", async () => {
    const { passwords } = world();
    await passwords.check("alice", "secret", "a");
    const under = passwords.check("bob", "hidden", "a");
    passwords.replace(new Map([["alice", "hash of new"]]));
    await under;
    assert.equal((await passwords.check("alice", "secret", "a")).kind, "wrong");
    assert.equal((await passwords.check("bob", "hidden", "a")).kind, "wrong");
    assert.equal((await passwords.check("alice", "new", "a")).kind, "right");
    assert.equal(passwords.has("bob"), false);
  });
});

test("bcrypt runs beside the event loop", async () => {
  const compare = createComparePassword();
  const hash = hashSync("secret", 10).replace("$2b$", "$2y$");
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 5);
  const answers = await Promise.all([
    compare("secret", hash),
    compare("wrong", hash),
    compare("secret", hash),
  ]);
  clearInterval(ticking);
  assert.deepEqual(answers, [true, false, true]);
  // In this thread the three would leave room for two turns at most.
  assert.ok(turns > 5, `${turns} turns of the event loop`);
});
