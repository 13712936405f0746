// Runs from where no vault could be had: another user's account, and a network in which there is the broker and nothing else, as a container may be in.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerStage, Finished } from "../support/broker-stage.ts";
import { openBrokerStage } from "../support/broker-stage.ts";
import { can } from "../support/machine.ts";
import { knownOnce } from "../support/made-once.ts";
import { NODE } from "../support/program.ts";
import { findProgram } from "../support/readable-program.ts";
import { makeTestCa } from "../support/test-ca.ts";

const NOBODY = { uid: 65_534, gid: 65_534 };
const SPACE = `vault-${process.pid}`;
const [OUTSIDE, INSIDE] = ["10.213.77.1", "10.213.77.2"];
const ip = (line: string): boolean => spawnSync("ip", line.split(" "), { stdio: "ignore" }).status === 0;
const canSpace = (): boolean => can.root && process.platform === "linux" && knownOnce("can-netns", () => ip(`netns add probe-${SPACE}`) && ip(`netns exec probe-${SPACE} true`) && ip(`netns del probe-${SPACE}`));

const ca = makeTestCa();
let stage: BrokerStage;
let program: string;
let home: string;
beforeAll(async () => {
  if (!can.root) return;
  stage = await openBrokerStage();
  chmodSync(stage.owner.folder, 0o711);
  // The vault's own folder is its owner's alone.
  home = join(stage.owner.folder, "nobody");
  mkdirSync(home);
  writeFileSync(join(home, "root.pem"), ca.certificate);
  chownSync(home, NOBODY.uid, NOBODY.gid);
  program = findProgram(stage.owner.folder, NOBODY);
}, 120_000);
afterAll(async () => {
  if (can.root) await stage.close();
});

/** `vault ARGS` as nobody. @param before words that stand before. */
function vault(args: readonly string[], before: readonly string[] = []): Finished {
  const words = [...before, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", NODE, program, ...args];
  const { status, signal, stdout, stderr } = spawnSync(words[0] ?? "", words.slice(1), { cwd: home, env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home, VAULT_DIR: join(home, "vault") }, encoding: "utf8" });
  return { status: status ?? signal, output: stdout + stderr };
}

/** Without the event loop: the server behind it is this process's. */
async function vaultLater(args: readonly string[], before: readonly string[] = []): Promise<Finished> {
  const { spawn } = await import("node:child_process");
  const words = [...before, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", NODE, program, ...args];
  const child = spawn(words[0] ?? "", words.slice(1), { cwd: home, env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home, VAULT_DIR: join(home, "vault") } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, output };
}

describe("a run at a broker", () => {
  it.skipIf(!can.root)("may be another user's, who reads nothing of the vault (needs root)", async () => {
    const broker = await stage.serve();
    expect(vault(["identity", "create", "nobody"]).status).toBe(0);
    expect((await vaultLater(["identity", "claim", "--identity", "nobody", "--broker", broker.url])).status).toBe(0);
    stage.owner.vault(["identity", "accept", "nobody"]);
    const script = `id -u; cat "${join(stage.owner.folder, "vault")}/vault.json" "${join(stage.owner.folder, "vault")}/kek.key"; curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/; exit 8`;
    const { status, output } = await vaultLater(["run", "--broker", broker.url, "--identity", "nobody", "--", "sh", "-c", script]);
    expect([status, output]).toEqual([8, expect.stringMatching(/^65534\n[^]*hello from upstream/)]);
    expect(output.match(/Permission denied/g)).toHaveLength(2);
    expect(stage.upstream.received()).toContain(`Bearer ${stage.value}`);
    await broker.stop();
  });

  it.skipIf(!canSpace())("may be in a network that reaches nothing but the broker (needs root, ip and network namespaces)", async () => {
    try {
      for (const line of [`netns add ${SPACE}`, `link add vb-out type veth peer name vb-in netns ${SPACE}`, `addr add ${OUTSIDE}/30 dev vb-out`, "link set vb-out up", `netns exec ${SPACE} ip addr add ${INSIDE}/30 dev vb-in`, `netns exec ${SPACE} ip link set vb-in up`, `netns exec ${SPACE} ip link set lo up`]) expect(ip(line), line).toBe(true);
      const broker = await stage.serve({ host: OUTSIDE, tls: ca.identityFor(OUTSIDE) });
      const before = ["ip", "netns", "exec", SPACE];
      const more = ["--broker", broker.url, "--broker-ca", "root.pem", "--identity", "contained"];
      expect(vault(["identity", "create", "contained"], before).status).toBe(0);
      expect(await vaultLater(["identity", "claim", ...more], before)).toMatchObject({ status: 0 });
      stage.owner.vault(["identity", "accept", "contained"]);
      const script = `curl -sS --noproxy '*' --max-time 5 https://${stage.bound}/; curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/echo; exit 8`;
      const { status, output } = await vaultLater(["run", ...more, "--", "sh", "-c", script], before);
      expect([status, output]).toEqual([8, expect.stringMatching(/curl: \((?:7|28)\)[^]*authorization: Bearer/)]);
      expect(output).not.toContain(stage.value);
      await broker.stop();
    } finally {
      ip("link del vb-out");
      ip(`netns del ${SPACE}`);
    }
  });
});
