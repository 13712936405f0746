import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { redactOutput } from "../../../src/app/runs/redaction.ts";
import { makeGrant, VALUE } from "../../support/proxy-run.ts";
import { can } from "../../support/machine.ts";
import { makeBin } from "../../support/transcript.ts";
import { makeFolder } from "../../support/temporary.ts";

const grant = makeGrant("KEY", []);

describe("the rewriting", () => {
  test("lets a line out at once", async () => {
    const { stdout } = redactOutput([grant]);
    stdout.write(`a line with ${VALUE}\n`);
    await once(stdout, "readable");
    expect(String(stdout.read())).toBe(`a line with ${grant.placeholder}\n`);
  });

  test("finds values across writes, in their forms too, and changes nothing else", async () => {
    const text = fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(VALUE, Buffer.from(VALUE).toString("hex"), encodeURIComponent(VALUE)).map((form) => Buffer.from(form))), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (pieces, size) => {
        const { stdout } = redactOutput([grant]);
        const bytes = Buffer.concat(pieces);
        for (let at = 0; at < bytes.length; at += size) stdout.write(bytes.subarray(at, at + size));
        stdout.end();
        const out = Buffer.concat((await stdout.toArray()) as Uint8Array[]);
        const due = [VALUE, Buffer.from(VALUE).toString("hex"), encodeURIComponent(VALUE)].reduce((left, form) => left.replaceAll(form, grant.placeholder), bytes.toString("latin1"));
        expect(out.toString("latin1")).toBe(due);
      }),
      { numRuns: 60 },
    );
  });
});

const ways = can.wall ? (["without the wall", "behind it"] as const) : (["without the wall"] as const);

describe.each(ways)("vault run --redact %s", (way) => {
  let run: (script: string) => { readonly out: string };
  let folder: string;

  beforeAll(() => {
    run = (script) => {
      folder = makeFolder();
      const env = { PATH: `${makeBin(folder, way === "behind it")}:${process.env["PATH"] ?? ""}`, VAULT_DIR: join(folder, "vault"), HOME: folder, DIR: folder };
      spawnSync("sh", ["-c", `vault init --provider file; printf %s '${VALUE}' | vault secrets create KEY --host api.example.com`], { env });
      const { stdout } = spawnSync("bash", ["-c", script], { env, encoding: "utf8", timeout: 50_000 });
      return { out: stdout };
    };
  });

  test("ends by SIGPIPE when the reader has gone, as without it", () => {
    expect(run(`vault run --redact -- yes | head -1; echo "\${PIPESTATUS[0]}"`).out).toBe("y\n141\n");
  });

  test("gives a pipe: /dev/stdout can be opened, and writes block", () => {
    expect(run(`vault run --redact -- sh -c 'echo ok > /dev/stdout; python3 -c "import os; print(os.get_blocking(1))"' | cat`).out).toBe("ok\nTrue\n");
  });

  test("works without mkfifo too, by the pipe that Node makes", () => {
    const { out } = run(`vault=$(command -v vault); mkdir "$DIR/only"; ln -s "$(command -v bwrap)" "$DIR/only/bwrap"; PATH="$DIR/only" "$vault" run --redact -- /bin/sh -c 'echo "[${VALUE}]"; echo "(${VALUE})" >&2; exit 7' 2> "$DIR/err"; echo "status $?"; cat "$DIR/err"`);
    expect(out).not.toContain(VALUE);
    expect(out).toMatch(/^\[vault_ph_\w+\]$/m);
    expect(out).toMatch(/^\(vault_ph_\w+\)$/m);
    expect(out).toMatch(/^status 7$/m);
  });

  test("leaves a program that cannot be started its own status, and prints nothing in its place", () => {
    const { out } = run(`vault run --redact -- no-such-program 2> /dev/null | cat; echo "status \${PIPESTATUS[0]}"`);
    expect(out).toBe("status 127\n");
  });

  test("passes binary data on as it is, to a slow reader as well", () => {
    run("true");
    const { out } = run(`head -c 3000000 /dev/urandom > $DIR/r; vault run --redact -- cat < $DIR/r | (sleep 0.5; cat) > $DIR/copy; echo done`);
    expect(out).toBe("done\n");
    expect(readFileSync(join(folder, "copy")).equals(readFileSync(join(folder, "r")))).toBe(true);
    writeFileSync(join(folder, "r"), "");
  });

  // Behind the wall, none is left.
  if (way !== "behind it") {
    test("does not wait for a process that the program leaves behind, silent or not", () => {
      const { out } = run(`vault run --redact -- sh -c 'sleep 300 & echo $! > "$DIR/left"; (for i in $(seq 400); do echo x; sleep 0.02; done) & echo first' | head -1; kill "$(cat "$DIR/left")" && echo "still there"`);
      expect(out).toBe("first\nstill there\n");
    });
  }
});
