import { describe, expect, it } from "vitest";
import { readPlainVariables } from "../../../src/app/imports/env-file-variables.ts";
import { makeHome } from "../../support/home.ts";

const KEY = "sk-proj-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt";

function readTexts(texts: readonly string[], granted: readonly string[] = [], expose: readonly string[] = []): Record<string, string> {
  const files = texts.map((text, index) => ({ path: `${String(index)}.env`, bytes: new Uint8Array(Buffer.from(text)) }));
  return readPlainVariables(makeHome().surroundings, { files, expose, wasSeenByNode: false }, new Set(granted));
}

describe("the variables of .env files", () => {
  it("pass where they are plain, the later file's first", () => {
    expect(readTexts(["PORT=3000\nNODE_ENV=test\n", "PORT='4000'\n"])).toEqual({ PORT: "4000", NODE_ENV: "test" });
  });

  it("that hold placeholders in this run do not, whatever stands in the file", () => {
    expect(readTexts([`OPENAI_API_KEY=${KEY}\nGITHUB_TOKEN=kept-in-vault\nPORT=3000\n`], ["OPENAI_API_KEY", "GITHUB_TOKEN"])).toEqual({ PORT: "3000" });
  });

  it.each([[`MY_KEY=${KEY}`, '"MY_KEY"', "--host MY_KEY=HOST"], ["OPENAI_API_KEY=anything", '"OPENAI_API_KEY"', ": vault secrets import 0.env"], [`A_KEY=${KEY}\nB_PASSWORD=hunter2hunter2`, '"A_KEY", "B_PASSWORD"', "--expose A_KEY"]])("stop the run where one looks like a credential, with what to type and without its value", (text, names, hint) => {
    expect(() => readTexts([`PORT=3000\n${text}\n`])).toThrow(expect.objectContaining({ code: "usage", message: expect.stringContaining(names) as unknown, hint: expect.stringContaining(hint) as unknown }));
    expect(() => readTexts([text])).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/sk-proj|anything|hunter2/) as unknown }));
  });

  it("are exposed where that was said, by names that are there", () => {
    expect(readTexts([`MY_KEY=${KEY}\n`], [], ["MY_KEY"])).toEqual({ MY_KEY: KEY });
    expect(() => readTexts(["PORT=3000\n"], [], ["MY_KEY"])).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("stop the run where a value is said to be in the vault and is not given", () => {
    expect(() => readTexts(["MY_KEY=kept-in-vault\n"], [], ["MY_KEY"])).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringContaining("-s MY_KEY") as unknown }));
  });

  it("of an empty known name pass, and a file that is misread stops the run by its line", () => {
    expect(readTexts(["OPENAI_API_KEY=\n"])).toEqual({ OPENAI_API_KEY: "" });
    expect(() => readTexts(["A=b\nC='d\n"])).toThrow('"0.env", line 2: the quote is not closed');
  });

  it("that Node has looked at are refused where they tell it something, and warned of otherwise", () => {
    const { surroundings, warnings } = makeHome();
    const read = (text: string) => readPlainVariables(surroundings, { files: [{ path: ".env", bytes: new Uint8Array(Buffer.from(text)) }], expose: [], wasSeenByNode: true }, new Set());
    expect(() => read("NODE_OPTIONS=--require=./x.cjs\n")).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringContaining("--dotenv") as unknown }));
    expect(read("PORT=3000\n")).toEqual({ PORT: "3000" });
    expect(warnings).toEqual([expect.stringContaining("--dotenv")]);
  });
});
