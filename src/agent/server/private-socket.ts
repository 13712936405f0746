// A listener that nobody but its user can reach: a folder 0700, a socket 0600, and a token 0600 beside it for where the modes do not hold. `lock` finds its process also where those names are gone.
import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync, writeFileSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { acquireLock } from "../../disk/file-lock.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { Presence } from "../presence/presence.ts";
import { announce, realmOf } from "../presence/presence.ts";
import { isListening } from "../wire/dial.ts";
import { TOKEN_BYTES } from "../wire/handshake.ts";
import type { AgentPaths } from "../wire/paths.ts";

/** Every run keeps one for as long as it lasts. */
const CONNECTIONS_MAX = 1024;
/** Starting takes milliseconds once it is one's turn. */
const START_WAIT_MS = 5000;

export interface PrivateSocket {
  readonly token: Uint8Array;
  /** To be called in the same turn of the loop in which the socket was handed over: no connection is taken before the next. */
  onConnection(accept: (socket: Socket) => void): void;
  /** Whether clients still find this socket and this token under their names. */
  isReachable(): boolean;
  /** Takes no more connections, and removes socket and token, unless others have taken their names. Safe to call twice. */
  release(): void;
}

/**
 * Listens at the paths, whose folder is made where it is missing. A socket that a dead agent left behind is replaced.
 * Of any number of processes that do this at once, one succeeds: they take turns, and a socket is only replaced when nobody answers there.
 *
 * @returns undefined where another agent listens already.
 * @throws VaultError `unsafe-file` for a folder that is a link, another user's or open to others, or where something that is no socket has its name; `busy`; `io`.
 */
export async function listenPrivately(paths: AgentPaths): Promise<PrivateSocket | undefined> {
  ensurePrivateFolder(paths.folder);
  const lock = await acquireLock(join(paths.folder, "agent.start"), START_WAIT_MS);
  try {
    if (await isListening(paths.socket)) return undefined;
    removeDeadSocket(paths.socket);
    const token = writeToken(paths.token);
    const server = await listen(paths.socket);
    return new ListeningSocket(paths, server, token, announce("agent", realmOf(paths.realm)));
  } finally {
    lock.release();
  }
}

class ListeningSocket implements PrivateSocket {
  readonly token: Uint8Array;
  readonly #paths: AgentPaths;
  readonly #server: Server;
  readonly #tokenFile: string | undefined;
  readonly #socketFile: string | undefined;
  readonly #presence: Presence;
  #isReleased = false;

  constructor(paths: AgentPaths, server: Server, token: Uint8Array, presence: Presence) {
    this.token = token;
    this.#presence = presence;
    this.#paths = paths;
    this.#server = server;
    this.#tokenFile = identifyFile(paths.token);
    this.#socketFile = isPipeName(paths.socket) ? undefined : identifyFile(paths.socket);
  }

  onConnection(accept: (socket: Socket) => void): void {
    this.#server.on("connection", accept);
  }

  isReachable(): boolean {
    return this.#isTokenOurs() && this.#isSocketOurs();
  }

  /** The token first: as long as the socket answers, nobody else begins to listen, so it cannot be a successor's. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#presence.withdraw();
    if (this.#isTokenOurs()) removeQuietly(this.#paths.token);
    // Closing removes whatever has the socket's name (libuv unlinks it), so a server that has lost its name is left to the end of the process.
    if (this.#isSocketOurs()) this.#server.close();
  }

  #isTokenOurs(): boolean {
    return this.#tokenFile !== undefined && identifyFile(this.#paths.token) === this.#tokenFile;
  }

  #isSocketOurs(): boolean {
    return isPipeName(this.#paths.socket) || (this.#socketFile !== undefined && identifyFile(this.#paths.socket) === this.#socketFile);
  }
}

function removeDeadSocket(path: string): void {
  if (isPipeName(path)) return;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new VaultError("unsafe-file", `"${path}" is not a socket`, "remove what stands there");
  unlinkSync(path);
}

function writeToken(path: string): Uint8Array {
  const token = new Uint8Array(randomBytes(TOKEN_BYTES));
  removeQuietly(path);
  try {
    writeFileSync(path, token, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
  return token;
}

async function listen(path: string): Promise<Server> {
  const server = createServer();
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => { reject(new VaultError("io", `cannot listen at "${path}" (${systemErrorCode(error) ?? "unknown error"})`)); });
    server.once("listening", resolve);
    // bind(2) gives the socket its mode and happens within listen(), so that this is 0600 from the first moment.
    const umask = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(umask);
    }
  });
  return server;
}

/** What changes when a name is given to another file; a number that the file system uses again does not go unnoticed. */
function identifyFile(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev} ${stat.ino} ${stat.mtimeNs}`;
}

/** Named pipes have no entry in any folder, and go with their process. */
function isPipeName(path: string): boolean {
  return path.startsWith("\\\\.\\pipe\\");
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Nothing there is fine; anything else shows when the next one writes there.
  }
}
