import { expect, it } from "vitest";
import { findNearest } from "../../../src/app/secrets/nearest.ts";

it.each([
  ["OPENAI_API_KYE", "OPENAI_API_KEY"], ["openai_api_key", "OPENAI_API_KEY"], ["OPENAI_KEY", "OPENAI_API_KEY"], ["ANTHROPIC_API_KEY", undefined], ["GITHUB_TOEKN", "GITHUB_TOKEN"], ["GITHUBTOKEN", "GITHUB_TOKEN"], ["STRIPE", undefined], ["", undefined], ["A", undefined], ["GITHUB_TOKEN", undefined],
])("%s means %s", (word, meant) => {
  expect(findNearest(word, ["GITHUB_TOKEN", "OPENAI_API_KEY"])).toBe(meant);
});

it("takes the nearest of several, and has an end with long words", () => {
  expect(findNearest("statu", ["stats", "status"])).toBe("stats");
  expect(findNearest("x".repeat(1_000_000), ["status"])).toBeUndefined();
  expect(findNearest("status", ["x".repeat(1_000_000)])).toBeUndefined();
});
