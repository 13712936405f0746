import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProgramFiles } from "../../../src/run/probe/program-files.ts";
import type { CommandKind, ProgramFiles } from "../../../src/run/probe/runtime.ts";
import { findCommandKind } from "../../../src/run/probe/runtime.ts";
import { makeFolder } from "../../support/temporary.ts";

/** A machine with these files; a word without a folder is looked for in /bin. */
function machine(files: Readonly<Record<string, string>>): ProgramFiles {
  const find = (word: string): string | undefined => [word, `/bin/${word}`].find((path) => Object.hasOwn(files, path));
  return { findProgram: find, readHead: (path) => files[path] ?? "" };
}

function brief(kind: CommandKind): string {
  if (kind.kind === "not-found") return kind.kind;
  return kind.kind === "runtime" ? `${kind.runtime} ${kind.program ?? "-"}` : kind.kind;
}

const ELF = "\x7fELF\x02\x01";

test.each([
  ["node", { "/bin/node": ELF }, "node /bin/node"],
  ["python3.12", { "/bin/python3.12": ELF }, "python /bin/python3.12"],
  ["/opt/venv/bin/python", { "/opt/venv/bin/python": ELF }, "python /opt/venv/bin/python"],
  ["npm", { "/bin/npm": "#!/usr/bin/env node\n", "/bin/node": ELF, "/usr/bin/env": ELF }, "node /bin/node"],
  ["tool", { "/bin/tool": "#!/usr/bin/env -S FOO=1 deno run --quiet\n", "/bin/deno": ELF }, "deno /bin/deno"],
  ["pip", { "/bin/pip": "#! /opt/venv/bin/python3.11 -I\n", "/opt/venv/bin/python3.11": ELF, "/bin/python3": ELF }, "python /opt/venv/bin/python3.11"],
  ["pip3", { "/bin/pip3": "#!/bin/bash\n", "/bin/bash": ELF, "/bin/python3": ELF }, "python /bin/python3"],
  ["mvn", { "/bin/mvn": "#!/bin/sh\n", "/bin/sh": ELF, "/bin/java": ELF }, "java /bin/java"],
  ["mvn", { "/bin/mvn": "#!/bin/sh\n", "/bin/sh": ELF }, "java -"],
  ["gradle", { "/bin/gradle": "#!/bin/sh\n", "/bin/sh": ELF }, "java -"],
  ["sbt", { "/bin/sbt": "#!/bin/sh\n", "/bin/sh": ELF }, "java -"],
  ["Rscript", { "/bin/Rscript": ELF }, "r /bin/Rscript"],
  ["mix", { "/bin/mix": "#!/usr/bin/env elixir\n", "/usr/bin/env": ELF, "/bin/elixir": "#!/bin/sh\n" }, "elixir /bin/elixir"],
  ["one", { "/bin/one": "#!/bin/two\n", "/bin/two": "#!/bin/ruby3.1\n", "/bin/ruby3.1": ELF }, "ruby /bin/ruby3.1"],
  ["loop", { "/bin/loop": "#!/bin/loop\n" }, "unknown"],
  ["gh", { "/bin/gh": `${ELF}....\x04\0\0\0Go\0\0abc`, "/bin/go": ELF }, "go /bin/go"],
  ["gh", { "/bin/gh": `\xcf\xfa\xed\xfe....\xff Go build ID: "abc`, "/bin/go": ELF }, "go /bin/go"],
  ["gh", { "/bin/gh": `${ELF}....\x04\0\0\0Go\0\0abc` }, "go -"],
  ["uv run agent.py", { "/bin/uv": ELF, "/bin/python3": ELF }, "python /bin/python3"],
  ["env -u A B=c -i node agent.js", { "/bin/env": ELF, "/bin/node": ELF }, "node /bin/node"],
  ["env --unset A --chdir /x -C /y node agent.js", { "/bin/env": ELF, "/bin/node": ELF }, "node /bin/node"],
  ["nohup env DEBUG=1 node agent.js", { "/bin/env": ELF, "/bin/nohup": ELF, "/bin/node": ELF }, "node /bin/node"],
  ["env", { "/bin/env": ELF }, "unknown"],
  ["ls", { "/bin/ls": `${ELF}....\x04\0\0\0GNU\0` }, "unknown"],
  ["bash", { "/bin/bash": ELF }, "shell"],
  ["chrome", { "/bin/chrome": ELF }, "browser"],
  ["chromium", { "/bin/chromium": "#!/bin/sh\n", "/bin/sh": ELF }, "browser"],
  ["build.sh", { "/bin/build.sh": "#!/bin/sh -eu\r\n", "/bin/sh": ELF }, "shell"],
  ["constructor", { "/bin/constructor": ELF }, "unknown"],
  ["nothing", {}, "not-found"],
])("%s is %s → %s", (word, files, expected) => {
  expect(brief(findCommandKind(word.split(" "), machine(files)))).toBe(expected);
});

test("programs are found as a shell finds them: files that can be executed, in the order of the PATH", () => {
  const folder = makeFolder();
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  for (const path of [first, second, join(first, "tool")]) mkdirSync(path);
  writeFileSync(join(second, "tool"), "#!/bin/sh\n");
  chmodSync(join(second, "tool"), 0o700);
  writeFileSync(join(first, "other"), "not executable", { mode: 0o600 });
  const { findProgram, readHead } = openProgramFiles(`${first}::${join(folder, "missing")}:${second}`, "linux");
  expect(findProgram("tool")).toBe(join(second, "tool"));
  expect(findProgram("other")).toBeUndefined();
  expect(findProgram("")).toBeUndefined();
  expect(findProgram(join(second, "tool"))).toBe(join(second, "tool"));
  expect(readHead(join(second, "tool"))).toBe("#!/bin/sh\n");
  expect(readHead(join(folder, "missing"))).toBe("");
  expect(openProgramFiles(undefined).findProgram("tool")).toBeUndefined();
});
