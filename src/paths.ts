// Where everything lives. Pure: the environment comes in, paths go out.
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Engine } from "./engines/engine.ts";

/** Opens the engine that the vault is on: one connection for each process, made when it is first asked for. @throws VaultError `store-unavailable`, and what reading store.json says. */
export type OpenEngine = () => Promise<Engine>;

export interface VaultPaths {
  /** Where the vault is on an engine that other machines reach; undefined for one that is the file. All the same, the file is there: this machine's copy. */
  readonly engine: OpenEngine | undefined;
  /** Folder of the vault file and its lock. */
  readonly dataFolder: string;
  readonly vaultFile: string;
  readonly lockFile: string;
  /** Locks and marks of logins that are being refreshed. */
  readonly loginsFolder: string;
  /** Where the file provider keeps its key unless told otherwise. */
  readonly keyFile: string;
  /** PEM, the owner's to write: further roots that connections outwards trust. Beside the vault, so that an environment which leads to other roots leads to another vault as well. */
  readonly rootsFile: string;
  /** Audit log and rollback anchor: on another path than the vault where that is possible, so that copying one back does not bring the other. */
  readonly auditFolder: string;
  readonly anchorFile: string;
  /** Its time is when somebody was last told that programs can read the key. */
  readonly toldMark: string;
  /** Sockets, run folders and other things that do not outlive a boot. */
  readonly runtimeFolder: string;
  /** Its content changes with each `vault lock`, which running proxies watch where nothing better is to be had: not on Linux. */
  readonly lockMark: string;
  readonly agent: { readonly folder: string; readonly socket: string; readonly token: string; readonly realm: string; readonly state: string };
}

export interface PlaceInfo {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly temporary: string;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Where this user's XDG_RUNTIME_DIR is, for an environment that has lost the variable. */
  readonly sessionFolder?: string | undefined;
  /** The engine that the vault of this folder is on, if it is on one. Left out, the vault is the file. */
  readonly findEngine?: (dataFolder: string) => OpenEngine | undefined;
}

// sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * With `VAULT_DIR`, everything below it; otherwise the XDG folders (XDG Base Directory Specification 0.8), on macOS as on Linux.
 * Never `~/.vault`, where HashiCorp's CLI keeps a file of its own.
 */
export function findPaths(info: PlaceInfo): VaultPaths {
  const own = info.variables["VAULT_DIR"];
  if (own !== undefined && own !== "") {
    const root = resolve(info.cwd, own);
    return assemble(info, { data: root, key: join(root, "kek.key"), state: root, runtime: join(root, "run") });
  }
  const data = join(xdg(info, "XDG_DATA_HOME") ?? join(info.home, ".local", "share"), "vault");
  const config = join(xdg(info, "XDG_CONFIG_HOME") ?? join(info.home, ".config"), "vault");
  const state = join(xdg(info, "XDG_STATE_HOME") ?? join(info.home, ".local", "state"), "vault");
  const runtime = xdg(info, "XDG_RUNTIME_DIR") ?? info.sessionFolder;
  return assemble(info, { data, key: join(config, "keys", "kek.key"), state, runtime: runtime === undefined ? join(state, "run") : join(runtime, "vault") });
}

/** Those by which a vault is changed. */
export type WritePaths = Pick<VaultPaths, "engine" | "dataFolder" | "vaultFile" | "lockFile" | "loginsFolder" | "auditFolder" | "anchorFile">;

/** @param data folder of the vault. @param state folder of its log. */
export function findWritePaths(data: string, state: string, engine: OpenEngine | undefined): WritePaths {
  return {
    engine,
    dataFolder: data,
    vaultFile: join(data, "vault.json"),
    lockFile: join(data, "vault.lock"),
    loginsFolder: join(data, "logins"),
    auditFolder: join(state, "audit"),
    anchorFile: join(state, "anchor.json"),
  };
}

function assemble(info: PlaceInfo, { data, key, state, runtime }: { data: string; key: string; state: string; runtime: string }): VaultPaths {
  return {
    ...findWritePaths(data, state, info.findEngine?.(data)),
    keyFile: key,
    rootsFile: join(data, "roots.pem"),
    toldMark: join(state, "told"),
    runtimeFolder: runtime,
    lockMark: join(runtime, "locked"),
    agent: { ...findAgentPaths(info, runtime), realm: data, state },
  };
}

/**
 * A path too long for a socket moves to a folder of the user's, straight in the temporary folder: one between the two could be made by somebody else first,
 * and whoever owns a folder may put another in the place of what is in it. Windows has named pipes instead.
 */
function findAgentPaths(info: PlaceInfo, runtime: string): Omit<VaultPaths["agent"], "realm" | "state"> {
  const socket = join(runtime, "agent.sock");
  const token = join(runtime, "agent.token");
  const short = createHash("sha256").update(runtime).digest("hex").slice(0, 24);
  if (info.platform === "win32") return { folder: runtime, socket: `\\\\.\\pipe\\vault-${short}`, token };
  if (Buffer.byteLength(socket) <= SOCKET_PATH_BYTES_MAX) return { folder: runtime, socket, token };
  const name = `vault-${info.uid}-${short}`;
  const near = join(info.temporary, name);
  // A TMPDIR may be too long as well; POSIX has /tmp.
  const folder = Buffer.byteLength(join(near, "agent.sock")) <= SOCKET_PATH_BYTES_MAX ? near : join("/tmp", name);
  return { folder, socket: join(folder, "agent.sock"), token: join(folder, "agent.token") };
}

/** The specification has relative paths ignored. */
function xdg(info: PlaceInfo, name: string): string | undefined {
  const value = info.variables[name];
  return value !== undefined && value.startsWith("/") ? value : undefined;
}
