// What a broker tells those who prove nothing, what it says where it cannot listen, and what identities are told of on either machine.
import { networkInterfaces } from "node:os";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BrokerStage } from "../support/broker-stage.ts";
import { openBrokerStage } from "../support/broker-stage.ts";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { createServer } from "../support/raw-sockets.ts";
import { openMachine } from "../support/store-machines.ts";
import { makeFolder } from "../support/temporary.ts";
import { makeTestCa } from "../support/test-ca.ts";

let stage: BrokerStage;
let other: BuiltVault;
beforeAll(async () => {
  stage = await openBrokerStage();
  other = openBuiltVault(stage.bound, "another value", stage.upstream.certificate);
  rmSync(join(other.folder, "vault"), { recursive: true });
  other.vault(["init", "--provider", "file"]);
}, 120_000);
afterAll(async () => {
  await stage.close();
  other.close();
});

const ca = makeTestCa();
const elsewhere = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === "IPv4" && !internal)?.address;

function healthAt(address: string, port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: address, port, servername: "localhost", path: "/health", ca: ca.certificate, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("end", () => { resolve(JSON.parse(text)); });
    });
    asking.on("error", reject).end();
  });
}

it("how values are encrypted is told to everybody, who keeps the key to its own machine alone, and how many vaults there are to nobody", async () => {
  const broker = await stage.serve({ host: "0.0.0.0", tls: ca.identityFor("localhost"), flags: ["--vault", join(other.folder, "vault")] });
  const { port } = broker;
  try {
    expect(await healthAt("127.0.0.1", port)).toEqual({ status: "ok", encryption_source: "XChaCha20-Poly1305", encryption_backend: "file" });
    if (elsewhere !== undefined) expect(await healthAt(elsewhere, port)).toEqual({ status: "ok", encryption_source: "XChaCha20-Poly1305" });
  } finally {
    await broker.stop();
  }
}, 60_000);

it("a port that another program has ends with 10, and an address that is none of this machine's with 2", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const machine = openMachine({ url: "", environment: {} });
  try {
    expect(machine.vault(["init", "--provider", "file"]).status).toBe(0);
    const { port } = taken.address() as AddressInfo;
    expect(machine.vault(["serve", "--listen", `127.0.0.1:${port}`])).toMatchObject({ status: 10, out: "", err: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)[^]*take another port with --listen/) as string });
    // 192.0.2.0/24 is nobody's (RFC 5737).
    expect(machine.vault(["serve", "--listen", "192.0.2.1:0", ...tlsFlags()])).toMatchObject({ status: 2, out: "", err: expect.stringContaining("(EADDRNOTAVAIL)") as string });
  } finally {
    taken.close();
    machine.vault(["lock"]);
  }
}, 60_000);

it("an identity that is accepted a second time for the same is accepted once", () => {
  const machine = openMachine({ url: "", environment: {} });
  expect(machine.vault(["init", "--provider", "file"]).status).toBe(0);
  const did = machine.vault(["identity", "create", "twice"]).out.trim();
  expect(machine.vault(["identity", "accept", did, "--as", "twice"])).toMatchObject({ status: 0, out: `accepted: twice (${did}), for global secrets\n` });
  expect(machine.vault(["identity", "accept", did, "--as", "twice"])).toMatchObject({ status: 0, out: `accepted: twice (${did}), for global secrets\n` });
  expect(JSON.parse(machine.vault(["identity", "list", "--json"]).out)).toEqual({ accepted: [{ did, handle: "twice", accepted: [{ workspace: null, group: null }] }], claims: [], own: [{ handle: "twice", did }] });
});

it("a machine that has no vault lists the identities that it has", () => {
  const machine = openMachine({ url: "", environment: {} });
  expect(machine.vault(["identity", "list"])).toMatchObject({ status: 3, out: "" });
  const [first, second] = ["one", "two"].map((handle) => machine.vault(["identity", "create", handle]).out.trim());
  expect(machine.vault(["identity", "list"])).toEqual({ status: 0, out: `of this machine, for brokers: one (${first ?? ""})\nof this machine, for brokers: two (${second ?? ""})\n`, err: "" });
  // One that is damaged keeps the others from nobody.
  const folder = findFolder(machine.folder);
  writeFileSync(join(folder, "one.key"), "nothing", { mode: 0o600 });
  expect(machine.vault(["identity", "list"])).toMatchObject({ status: 0, out: `of this machine, for brokers: two (${second ?? ""})\n`, err: expect.stringContaining("holds no identity's key") as string });
});

function findFolder(vaultFolder: string): string {
  return join(vaultFolder, "identities");
}

function tlsFlags(): string[] {
  const folder = makeFolder();
  const { cert, key } = ca.identityFor("localhost");
  for (const [name, text] of [["broker.pem", cert], ["broker.key", key]] as const) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return ["--tls-cert", join(folder, "broker.pem"), "--tls-key", join(folder, "broker.key")];
}
