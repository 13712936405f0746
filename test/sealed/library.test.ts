// The entry `vaultrun/sealed` as a program gets it: from a folder of its own, with the built package in its node_modules.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { makeKeyText } from "../../src/sealed/sealing-key.ts";
import { NODE } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function makeProgram(): string {
  const folder = makeFolder();
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, "vaultrun"));
  for (const name of ["lowdb"]) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  return folder;
}

/** What the compiler says of each of these sources, under its strictest rules; the package's own types are checked as well. */
function complaintsAbout(sources: readonly string[]): string[][] {
  const folder = makeProgram();
  const paths = sources.map((source, index) => {
    const path = join(folder, `program${index}.ts`);
    writeFileSync(path, source);
    return path;
  });
  const program = ts.createProgram(paths, { noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, skipDefaultLibCheck: true, target: ts.ScriptTarget.ES2023, lib: ["lib.es2023.d.ts"], module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] });
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({ file: file?.fileName ?? "", text: ts.flattenDiagnosticMessageText(messageText, "\n") }));
  expect(found.filter(({ file }) => !paths.includes(file))).toEqual([]);
  return paths.map((path) => found.filter(({ file }) => file === path).map(({ text }) => text));
}

describe("vaultrun/sealed", () => {
  it("brings nothing of the command line: no package, and of Node its cryptography and what prints", () => {
    const text = readFileSync(join(ROOT, "dist/sealed.js"), "utf8");
    const imported = [...text.matchAll(/(?:from|import|require\()\s*"([^"]+)"/g)].map(([, specifier]) => specifier ?? "");
    expect([...new Set(imported)].sort()).toEqual(["node:buffer", "node:crypto", "node:util"]);
    expect(text.length).toBeLessThan(40_000);
    expect(text).not.toMatch(/oclif|lowdb|libsodium|process\.|import\(/);
  });

  it("runs the example of the documents, twice, and the key rotated in between", () => {
    const folder = makeProgram();
    cpSync(join(ROOT, "docs/sealed-store.example.js"), join(folder, "example.js"));
    const run = (key: string | undefined) => spawnSync(NODE, ["example.js"], { cwd: folder, env: { PATH: dirname(NODE), ...(key === undefined ? {} : { ENCRYPTION_KEY: key }) }, encoding: "utf8" });
    const stored = (): string => readFileSync(join(folder, "accounts.json"), "utf8");
    const [old, next] = [makeKeyText(), makeKeyText()];
    expect(run(old)).toMatchObject({ status: 0, stdout: expect.stringContaining("token-1, the file holds ciphertext\nsealed anew: 1 of 2\n") as unknown });
    expect(run(`${next},${old}`)).toMatchObject({ status: 0, stdout: expect.stringContaining("3 fields are the newest key's") as unknown });
    expect(stored()).toContain("mail.example.com");
    expect(stored()).not.toMatch(/token-|correct horse/);
    const before = stored();
    expect(run(undefined)).toMatchObject({ status: 1, stderr: expect.stringContaining("key-unavailable") as unknown });
    expect(run(old)).toMatchObject({ status: 1, stderr: expect.stringContaining("wrong-key") as unknown });
    expect(stored()).toBe(before);
  });

  it("has types that fit lowdb's, asynchronous and not, and refuse what it does not know", () => {
    const fitting = `
      import { Low, LowSync, Memory, MemorySync } from "lowdb";
      import { loadSealingKey, sealedAdapter, VaultError } from "vaultrun/sealed";
      interface Data { secret: string }
      const key = loadSealingKey(undefined as string | undefined);
      const options = { name: "n", fields: ["secret"], form: "v2", strict: true } as const;
      const adapter = sealedAdapter(new Memory<Data>(), key, options);
      const low: Low<Data> = new Low(adapter, { secret: "" });
      const count: Promise<number> = adapter.reseal((done, total) => done / total);
      const sync = sealedAdapter(new MemorySync<Data>(), loadSealingKey("k"), options);
      const lowSync: LowSync<Data> = new LowSync(sync, { secret: "" });
      const syncCount: number = sync.reseal();
      export const code = (error: unknown): string => (error instanceof VaultError ? error.code : "");
      export { count, low, lowSync, syncCount };
    `;
    const mistaken = `
      import { Memory } from "lowdb";
      import { loadSealingKey, sealedAdapter } from "vaultrun/sealed";
      sealedAdapter(new Memory(), loadSealingKey("k"), { fields: [] });
      sealedAdapter(new Memory(), "a key as text", { name: "n", fields: [] });
    `;
    const [none, some] = complaintsAbout([fitting, mistaken]);
    expect(none).toEqual([]);
    expect(some).toHaveLength(2);
  }, 60_000);
});
