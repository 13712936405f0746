// What developers run all day does its work in a walled program's file system. Each comes from this machine, and needs no network.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Outcome, Stage } from "../../support/walled-files.ts";
import { canWall, makeStage, openStage, put, runInside } from "../../support/walled-files.ts";

const has = (program: string, ...args: readonly string[]): boolean => canWall && spawnSync(program, args, { stdio: "ignore" }).status === 0;

/** Tool chains that lie in the home folder of whoever runs the tests. */
const VARIABLES = { RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? join(homedir(), ".rustup"), npm_config_audit: "false", npm_config_fund: "false", npm_config_update_notifier: "false", npm_config_offline: "true", PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore" };

function work(stage: Stage, command: string, script: string): Outcome {
  return runInside(openStage(stage, { command }), stage, `set -e\n${script}`, { variables: VARIABLES });
}

describe("behind the wall", { timeout: 120_000 }, () => {
  test.skipIf(!has("npm", "--version"))("npm installs a package and runs its scripts", () => {
    const stage = makeStage();
    put(join(stage.project, "library/package.json"), JSON.stringify({ name: "library", version: "1.0.0", main: "main.js", bin: { speak: "main.js" } }));
    put(join(stage.project, "library/main.js"), "#!/usr/bin/env node\nconsole.log('library speaks');\n");
    put(join(stage.project, "package.json"), JSON.stringify({ name: "project", version: "1.0.0", scripts: { prestart: "node -e \"require('fs').writeFileSync('installed','')\"", start: "speak" } }));
    const { output, trouble, status } = work(stage, "npm", "npm pack --silent ./library >/dev/null; npm install --silent ./library-1.0.0.tgz; npm start --silent; ls ~/.npm | head -1");
    expect({ output: output.split("\n")[0], trouble, status }).toEqual({ output: "library speaks", trouble: "", status: 0 });
    expect(existsSync(join(stage.project, "installed"))).toBe(true);
    expect(existsSync(join(stage.home, ".npm"))).toBe(false);
  });

  test.skipIf(!has("python3", "-m", "venv", "--help"))("pip installs a wheel into an environment of the project", () => {
    const stage = makeStage();
    put(join(stage.project, "wheel.py"), [
      "import zipfile", "w = zipfile.ZipFile('speaker-1.0-py3-none-any.whl', 'w')", "w.writestr('speaker.py', \"print('wheel speaks')\\n\")",
      "w.writestr('speaker-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: speaker\\nVersion: 1.0\\n')", "w.writestr('speaker-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')", "w.writestr('speaker-1.0.dist-info/RECORD', '')", "w.close()",
    ].join("\n"));
    const { output, trouble, status } = work(stage, "python3", "python3 wheel.py; python3 -m venv .venv; .venv/bin/pip install -q --no-index ./speaker-1.0-py3-none-any.whl; .venv/bin/python -m speaker");
    expect({ output, trouble, status }).toEqual({ output: "wheel speaks\n", trouble: "", status: 0 });
  });

  test.skipIf(!has("cargo", "--version"))("cargo builds and runs", () => {
    const stage = makeStage();
    mkdirSync(join(stage.home, ".cargo"));
    put(join(stage.project, "Cargo.toml"), '[package]\nname = "speaker"\nversion = "0.1.0"\nedition = "2021"\n');
    put(join(stage.project, "src/main.rs"), 'fn main() { println!("crate speaks"); }\n');
    const { output, trouble, status } = work(stage, "cargo", "cargo build -q --offline; cargo run -q --offline");
    expect({ output, trouble, status }).toEqual({ output: "crate speaks\n", trouble: "", status: 0 });
  });

  test.skipIf(!has("python3", "-m", "pytest", "--version"))("pytest runs", () => {
    const stage = makeStage();
    put(join(stage.project, "test_it.py"), "def test_it(tmp_path):\n    (tmp_path / 'x').write_text('y')\n");
    const { output, status } = work(stage, "pytest", "python3 -m pytest -q test_it.py");
    expect(output).toContain("1 passed");
    expect(status).toBe(0);
  });
});
