// What bubblewrap tells of its child on `--json-status-fd`: a line of JSON for each thing, of which two count here.
import type { Readable } from "node:stream";

export interface WallStatus {
  /** The id, outside, of the first process of the walled program's own; undefined where bubblewrap ended before there was one. */
  readonly started: Promise<number | undefined>;
  /** The program's status, 128 and a signal's number where one ended it; undefined where bubblewrap failed. */
  readonly ended: Promise<number | undefined>;
}

const TEXT_MAX = 65_536;

export function readWallStatus(stream: Readable): WallStatus {
  let text = "";
  stream.setEncoding("utf8");
  const ended = new Promise<number | undefined>((resolve) => {
    const finish = (): void => { resolve(findNumber(text, "exit-code")); };
    stream.on("end", finish);
    stream.on("error", finish);
  });
  const started = new Promise<number | undefined>((resolve) => {
    stream.on("data", (chunk: string) => {
      text = (text + chunk).slice(0, TEXT_MAX);
      const pid = findNumber(text, "child-pid");
      if (pid !== undefined) resolve(pid);
    });
    void ended.then(() => { resolve(undefined); });
  });
  return { started, ended };
}

/** The member of the first whole document that has it. Pure. */
function findNumber(text: string, name: string): number | undefined {
  for (const line of text.split("\n").slice(0, -1)) {
    const value = findMember(line, name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  }
  return undefined;
}

function findMember(line: string, name: string): unknown {
  try {
    const document: unknown = JSON.parse(line);
    return typeof document === "object" && document !== null && name in document ? (document as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
