// What a power cut could leave: a command's writes are recorded, and those that nothing has flushed are lost, wholly or in part.
//
// The model is harsher than most file systems. A file's bytes survive from the fsync of that file on; before, any part of what was written since may be missing.
// A name survives from the fsync of its folder on; before, the changes of one folder are kept up to some point, in their order.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

type Act =
  | { readonly kind: "create"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly path: string; readonly length: number }
  | { readonly kind: "flush"; readonly path: string }
  | { readonly kind: "link" | "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "unlink"; readonly path: string };

interface Inode {
  kept: Buffer;
  now: Buffer;
}

type Names = Map<string, Inode>;
type NameChange = (names: Names) => void;

/** Records what a command does to the files of a folder. */
export function recordActs(command: readonly string[], options: { readonly env: NodeJS.ProcessEnv; readonly input?: string; readonly folder: string }): Act[] {
  const logs = mkdtempSync(join(tmpdir(), "vault-trace-"));
  try {
    const log = join(logs, "log");
    const calls = "openat,write,fsync,rename,link,unlink,ftruncate";
    const { status, stderr } = spawnSync("strace", ["-qq", "-y", "-xx", "-s", "100000000", "-o", log, "-e", `trace=${calls}`, ...command], { env: { ...options.env, UV_USE_IO_URING: "0" }, input: options.input ?? "", encoding: "utf8", maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`the command to be recorded ended with ${status ?? "a signal"}: ${stderr}`);
    return readFileSync(log, "latin1").split("\n").flatMap((line) => parseAct(line)).filter((act) => pathsOf(act).every((path) => path.startsWith(options.folder)));
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}

function parseAct(line: string): Act[] {
  const [, call = "", args = "", result = ""] = /^(\w+)\((.*)\) += (.*)$/s.exec(line) ?? [];
  if (result.startsWith("-1") || result === "?") return [];
  const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) => unescape(hex));
  const opened = unescape(/^\d+<([^>]*)>/.exec(args)?.[1] ?? "").toString();
  const [first = "", second = ""] = texts.map((text) => text.toString());
  switch (call) {
    case "openat":
      return args.includes("O_CREAT") ? [{ kind: "create", path: resolve(first) }] : [];
    case "write":
      return [{ kind: "write", path: opened, bytes: (texts[0] ?? Buffer.alloc(0)).subarray(0, Number.parseInt(result, 10)) }];
    case "fsync":
      return [{ kind: "flush", path: opened }];
    case "ftruncate":
      return [{ kind: "truncate", path: opened, length: Number(/, (\d+)/.exec(args)?.[1] ?? 0) }];
    case "rename":
    case "link":
      return [{ kind: call, from: resolve(first), to: resolve(second) }];
    case "unlink":
      return [{ kind: "unlink", path: resolve(first) }];
    default:
      return [];
  }
}

/** `\x2f\x74` is how strace -xx writes bytes. */
function unescape(hex: string): Buffer {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex");
}

function pathsOf(act: Act): string[] {
  return "path" in act ? [act.path] : [act.from, act.to];
}

/** The disk as it goes through the acts. */
export class Disk {
  /** By folder: the names that survive, those that are seen, and the changes between the two. */
  readonly #folders = new Map<string, { kept: Names; now: Names; changes: NameChange[] }>();

  readonly #root: string;

  /** @param original a copy of what `root` held before the acts, all of it flushed. */
  constructor(original: string, root: string) {
    this.#root = root;
    for (const name of readdirSync(original, { recursive: true, encoding: "utf8" })) {
      if (!statSync(join(original, name)).isFile()) continue;
      const path = join(root, name);
      const bytes = readFileSync(join(original, name));
      this.#change(dirname(path), (names) => names.set(path, { kept: bytes, now: bytes }));
    }
    for (const each of this.#folders.values()) Object.assign(each, { kept: new Map(each.now), changes: [] });
  }

  do(act: Act): void {
    switch (act.kind) {
      case "create":
        if (this.#find(act.path) === undefined) {
          const inode: Inode = { kept: Buffer.alloc(0), now: Buffer.alloc(0) };
          this.#change(dirname(act.path), (names) => names.set(act.path, inode));
        }
        break;
      case "write":
        this.#edit(act.path, (bytes) => Buffer.concat([bytes, act.bytes]));
        break;
      case "truncate":
        this.#edit(act.path, (bytes) => bytes.subarray(0, act.length));
        break;
      case "flush": {
        const inode = this.#find(act.path);
        if (inode !== undefined) inode.kept = inode.now;
        const folder = this.#folders.get(act.path);
        if (folder !== undefined) Object.assign(folder, { kept: new Map(folder.now), changes: [] });
        break;
      }
      case "link":
      case "rename": {
        const inode = this.#find(act.from);
        if (inode === undefined) throw new Error(`${act.from} is not there`);
        this.#change(dirname(act.to), (names) => {
          names.set(act.to, inode);
          if (act.kind === "rename") names.delete(act.from);
        });
        break;
      }
      case "unlink":
        this.#change(dirname(act.path), (names) => names.delete(act.path));
    }
  }

  /** Puts into a folder what is left after a power cut at this moment. `draw(n)` is a whole number below n. */
  crashInto(target: string, draw: (below: number) => number): void {
    mkdirSync(target, { recursive: true, mode: 0o700 });
    for (const [folder, { kept, changes }] of this.#folders) {
      const names = new Map(kept);
      for (const change of changes.slice(0, draw(changes.length + 1))) change(names);
      mkdirSync(join(target, folder.slice(this.#root.length)), { recursive: true, mode: 0o700 });
      for (const [path, { kept: flushed, now }] of names) {
        const left = flushed.equals(now) ? now : [flushed, now, now.subarray(0, flushed.length + draw(Math.max(0, now.length - flushed.length) + 1))][draw(3)];
        writeFileSync(join(target, path.slice(this.#root.length)), left ?? now, { mode: 0o600 });
      }
    }
  }

  #find(path: string): Inode | undefined {
    return this.#folders.get(dirname(path))?.now.get(path);
  }

  #edit(path: string, edit: (bytes: Buffer) => Buffer): void {
    const inode = this.#find(path);
    if (inode !== undefined) inode.now = edit(inode.now);
  }

  #change(path: string, change: NameChange): void {
    const folder = this.#folders.get(path) ?? { kept: new Map<string, Inode>(), now: new Map<string, Inode>(), changes: [] };
    this.#folders.set(path, folder);
    folder.changes.push(change);
    change(folder.now);
  }
}
