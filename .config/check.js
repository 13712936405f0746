// `npm run check`: lint, types and the command manifest, at the same time.
import { spawn } from "node:child_process";

const CHECKS = [
  ["lint", ["node_modules/eslint/bin/eslint.js", "-c", ".config/eslint.config.js", "src", "test"]],
  ["types", ["node_modules/typescript/bin/tsc", "-p", "."]],
  ["manifest", [".config/check-manifest.js"]],
];

/** Says what it found once it is over, so that no two speak at a time. */
function run([name, args]) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
  return new Promise((resolve) => {
    child.on("close", (status) => {
      process.stdout.write(Buffer.concat(said));
      if (status !== 0) console.error(`${name} failed`);
      resolve(status === 0);
    });
  });
}

const passed = await Promise.all(CHECKS.map(run));
process.exitCode = passed.every(Boolean) ? 0 : 1;
