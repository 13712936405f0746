// The rules' reading of a path is our own, and might share our mistakes. So the same paths are shown to servers as the world runs them, whose routers decode, merge and cut in ways of their own: whatever one of them takes for
// a path below /admin, or one that ends in keys, rules that deny those refuse. And what rules let through, each of them takes for neither.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeLayer } from "../../../src/proxy/grants/grant-rules.ts";
import { readPath } from "../../../src/proxy/judge/rules/rule-path.ts";
import { judgePath } from "../../../src/proxy/judge/rules/rule-verdict.ts";
import { NO_RULES } from "../../../src/vault/rules.ts";
import type { JudgeKind, PathJudge } from "../../support/path-judges.ts";
import { askJudge, isJudgeHere, openPathJudge } from "../../support/path-judges.ts";
import { PATH_TRICKS } from "../../support/path-tricks.ts";

const LAYER = makeLayer({ ...NO_RULES, allow: ["GET /**"], deny: ["* /**/keys", "* /admin/**"] });
const FREE = ["/", "/x", "/x/", "/admins", "/x/admin", "/keysmith", "/a/keys/b", "/x?next=/admin/../..//%2e", "/.well-known/x", "/x.y/z", "/a%20b", "/@scope%2fname", "/b%C3%BCcher", "/a:b", "/1,2;3,4"];
/** Written by the odder ways of writing each letter. */
const FURTHER = ["admin", "keys"].flatMap((word) => Array.from(word).flatMap((letter, at) => [`%${letter.charCodeAt(0).toString(16)}`, letter.toUpperCase(), `%25${letter.charCodeAt(0).toString(16)}`, `${letter};`, `./${letter}`, `%2e/${letter}`, `%2f${letter}`, `%5c${letter}`, `%00${letter}`].flatMap((odd) => ["/", "/x/../", "//", "/x%2f..%2f"].map((before) => `${before}${word.slice(0, at)}${odd}${word.slice(at + 1)}`))));

function isLetThrough(target: string): boolean {
  const path = readPath(target);
  return path.kind === "path" && judgePath(LAYER, "GET", path.readings).kind === "allowed";
}

describe.each<JudgeKind>(["nginx", "express", "flask", "go"])("%s", (kind) => {
  const isHere = isJudgeHere(kind);
  let judge: PathJudge;
  beforeAll(async () => {
    if (isHere) judge = await openPathJudge(kind);
  }, 300_000);
  afterAll(async () => {
    if (isHere) await judge.close();
  });

  it.skipIf(!isHere)("reaches nothing forbidden by a path that is let through", async () => {
    const targets = [...PATH_TRICKS.filter((target) => !/[\s\u0000-\u001f]/.test(target)), ...FURTHER, ...FREE];
    const seen = new Map<string, number>();
    for (const target of targets) {
      const word = await askJudge(judge, target);
      seen.set(word, (seen.get(word) ?? 0) + 1);
      if (word === "admin" || word === "keys") expect([target, word, isLetThrough(target)]).toEqual([target, word, false]);
    }
    // It has its own ways of being told so, and does reach it.
    expect(seen.get("admin") ?? 0).toBeGreaterThan(10);
    expect(seen.get("keys") ?? 0).toBeGreaterThan(5);
  }, 300_000);
});

it("while what is free is let through", () => {
  expect(FREE.filter((target) => !isLetThrough(target))).toEqual([]);
});
