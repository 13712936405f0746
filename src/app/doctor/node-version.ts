import type { Finding } from "./finding.ts";
import { note, ok, problem } from "./finding.ts";

const OLDEST = { major: 20, minor: 19 } as const;

/** Judges a version of Node such as `22.11.0`. Odd lines get security fixes for half a year only. */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    return problem("node", "usage", `Node ${version} is older than ${OLDEST.major}.${OLDEST.minor}, the oldest that vault supports`, "install the newest LTS line from https://nodejs.org");
  }
  if (major % 2 === 1) return note("node", `Node ${version} is of an odd line, which soon gets no more security fixes`, "install the newest LTS line from https://nodejs.org");
  return ok("node", `Node ${version}`);
}
