// A broker as its attackers meet it: two owners with a vault each, three identities, and bytes over real sockets. One serves many stories.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acceptIdentity } from "../../src/app/broker/accept-identity.ts";
import { lockVault } from "../../src/app/keys/lock-vault.ts";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { withOpenVault } from "../../src/app/keys/open-vault.ts";
import { createSecret } from "../../src/app/secrets/secrets.ts";
import type { SessionAnswer, SessionOrder } from "../../src/broker/order.ts";
import { encodeOrder, parseAnswer } from "../../src/broker/order.ts";
import { encodeBase64 } from "../../src/bytes.ts";
import type { IdentityKey } from "../../src/identity/identity-key.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import type { ProvenRequest } from "../../src/identity/proof.ts";
import { makeProof } from "../../src/identity/proof.ts";
import { Secret } from "../../src/secret.ts";
import type { Scope } from "../../src/vault/scope.ts";
import type { Home } from "./home.ts";
import { makeHomeIn } from "./home.ts";
import { NODE, RUN_JS } from "./program.ts";
import { connect } from "./raw-sockets.ts";

export interface RawReply {
  readonly status: number;
  /** Status line and headers without those that differ by time and start. */
  readonly head: string;
  readonly body: string;
  /** All that came until the other end closed. */
  readonly text: string;
}

export interface AskOptions {
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly authorization?: string;
}

export interface GalleryBroker {
  readonly port: number;
  /** The principals. The first has API_KEY, the workspaces acme (CI_KEY in its group ci) and DEPLOY_KEY in acme; the second OTHER_KEY. */
  readonly first: Home;
  readonly second: Home;
  readonly firstVault: string;
  readonly secondVault: string;
  /** Accepted by the first, for the global secrets. */
  readonly anna: IdentityKey;
  /** Accepted by the second, likewise. */
  readonly ben: IdentityKey;
  /** Of nobody's acquaintance. */
  readonly mallory: IdentityKey;
  /** All that the broker has said on its own machine. */
  said(): string;
  /** What a proof for this broker is made for. */
  proven(method: string, target: string, body?: string): ProvenRequest;
  prove(key: IdentityKey, method: string, target: string, body?: string): string;
  /** One request on a connection of its own. Without `authorization`, its proof is the key's. */
  ask(key: IdentityKey, method: string, target: string, options?: AskOptions): Promise<RawReply>;
  open(key: IdentityKey, order?: Partial<SessionOrder>): Promise<SessionAnswer>;
  /** Bytes as they are, until the other end closes. */
  send(bytes: string): Promise<RawReply>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export const ORDER: SessionOrder = {
  program: "program", vault: undefined, workspace: undefined, group: undefined, selections: undefined, project: undefined,
  denyUnmatched: false, strict: false, freshPlaceholders: false, isWalled: false, isLogged: false, isSummed: false,
};

export function drawKey(): IdentityKey {
  return parseIdentityKey(drawIdentityKey(), "a test");
}

export async function openGalleryBroker(): Promise<GalleryBroker> {
  const root = mkdtempSync(join(tmpdir(), "vault-gallery-"));
  const [first, second] = [await makeOwner(join(root, "first")), await makeOwner(join(root, "second"))];
  const global: Scope = { kind: "global" };
  await add(first, "API_KEY", global);
  await add(first, "DEPLOY_KEY", { kind: "workspace", workspace: "acme" });
  await add(first, "CI_KEY", { kind: "group", workspace: "acme", group: "ci" });
  await add(second, "OTHER_KEY", global);
  const [anna, ben, mallory] = [drawKey(), drawKey(), drawKey()];
  await acceptIdentity(first.surroundings, anna.did, "anna", { workspace: undefined, group: undefined });
  await acceptIdentity(second.surroundings, ben.did, "ben", { workspace: undefined, group: undefined });
  let said = "";
  const serve = async (at: number): Promise<{ readonly child: ChildProcess; readonly port: number; readonly nonce: string }> => {
    const child = spawn(NODE, [RUN_JS, "serve", "--listen", `127.0.0.1:${at}`, "--vault", join(root, "second")], { cwd: root, env: { PATH: process.env["PATH"], HOME: root, TMPDIR: root, VAULT_DIR: join(root, "first") }, stdio: ["ignore", "pipe", "pipe"] });
    const port = await new Promise<number>((resolve, reject) => {
      let own = "";
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        own += chunk.toString();
        const told = /serving at http:\/\/127\.0\.0\.1:(\d+)\n/.exec(own)?.[1];
        if (told !== undefined) resolve(Number(told));
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("exit", () => { reject(new Error(`the broker has ended: ${own}`)); });
    });
    return { child, port, nonce: await nonceOf(port) };
  };
  const started = await serve(0);
  const { port } = started;
  let { child, nonce } = started;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  };
  const proven: GalleryBroker["proven"] = (method, target, body = "") => ({ audience: `http://127.0.0.1:${port}`, method, target, body: Buffer.from(body), nonce });
  const prove: GalleryBroker["prove"] = (key, method, target, body) => makeProof(key, proven(method, target, body), Date.now());
  const send = (bytes: string): Promise<RawReply> => exchange(port, bytes);
  const ask: GalleryBroker["ask"] = (key, method, target, { body = "", headers = [], authorization = prove(key, method, target, body) } = {}) =>
    send(requestOf(method, target, [`Authorization: ${authorization}`, ...headers], body));
  return {
    port, first, second, anna, ben, mallory, proven, prove, send, ask,
    firstVault: await idOf(first), secondVault: await idOf(second),
    async open(key, order = {}) {
      const { status, body } = await ask(key, "POST", "/v1/sessions", { body: orderText(order) });
      if (status !== 201) throw new Error(`no session: ${status} ${body}`);
      return parseAnswer(Buffer.from(body));
    },
    said: () => said,
    async restart() {
      await stop();
      const next = await serve(port);
      ({ child, nonce } = next);
    },
    async close() {
      await stop();
      for (const home of [first, second]) await lockVault(home.surroundings).catch(() => undefined);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function orderText(order: Partial<SessionOrder> = {}): string {
  return Buffer.from(encodeOrder({ ...ORDER, ...order })).toString();
}

/** A request in bytes, one for each character, which closes its connection unless a header says otherwise. */
export function requestOf(method: string, target: string, headers: readonly string[], body = ""): string {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: broker", ...headers];
  if (body !== "") lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  if (!headers.some((header) => /^connection:/i.test(header))) lines.push("Connection: close");
  return `${lines.join("\r\n")}\r\n\r\n${Buffer.from(body).toString("latin1")}`;
}

/** All that comes back until the other end closes. */
export async function exchange(port: number, bytes: string): Promise<RawReply> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => { chunks.push(chunk); });
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => { socket.once("end", resolve).once("close", resolve); });
  socket.write(bytes, "latin1");
  await closed;
  socket.destroy();
  return readReply(Buffer.concat(chunks).toString("utf8"));
}

export function readReply(text: string): RawReply {
  const [head, body] = [text.slice(0, text.indexOf("\r\n\r\n")), text.slice(text.indexOf("\r\n\r\n") + 4)];
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head: head.replace(/\r\n(?:date|vault-nonce): [^\r]*/gi, ""), body, text };
}

async function nonceOf(port: number): Promise<string> {
  const { text } = await exchange(port, requestOf("GET", "/health", []));
  return /vault-nonce: ([0-9a-f]+)/i.exec(text)?.[1] ?? "";
}

async function makeOwner(folder: string): Promise<Home> {
  mkdirSync(folder, { mode: 0o700 });
  const home = makeHomeIn(folder, { VAULT_DIR: folder });
  await makeVault(home.surroundings, { provider: "file", path: undefined });
  return home;
}

async function add(home: Home, name: string, scope: Scope): Promise<void> {
  const secret = { name, scope, service: undefined, hosts: ["api.example.com:443"], places: ["header"], allowPrivate: false } as const;
  await createSecret(home.surroundings, secret, () => Promise.resolve(Secret.fromText(`value of ${name}`)));
}

async function idOf({ surroundings }: Home): Promise<string> {
  return withOpenVault(surroundings, ({ file }) => Promise.resolve(encodeBase64(file.contents.id)));
}
