// Descriptors that came to us open, and would go on to the program: a folder among them is a way past every mount, and a socket a way past the network.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";

/** proc(5): in octal, among the flags of `/proc/self/fdinfo/N`. */
const CLOSE_ON_EXEC = 0o2000000;

export interface CoveredDescriptors {
  /** For `stdio` of a process: pipes go on, as `<(…)` of a shell makes them, and everything else beyond the standard streams is an empty file. */
  readonly stdio: readonly ("ignore" | number)[];
  close(): void;
}

/**
 * Looks at what is open in this process and stays open in those that it starts. Node has closed the first dozen itself.
 *
 * @param first the lowest descriptor that is not to be given otherwise.
 */
export function coverInheritedDescriptors(first: number): CoveredDescriptors {
  const leaking = listDescriptors().filter((descriptor) => descriptor >= first && isInherited(descriptor) && !isPipe(descriptor));
  const empty = leaking.length === 0 ? undefined : openSync("/dev/null", "r");
  const length = Math.max(first, ...leaking.map((descriptor) => descriptor + 1)) - first;
  return {
    stdio: Array.from({ length }, (_, index) => (empty !== undefined && leaking.includes(first + index) ? empty : "ignore")),
    close: () => {
      if (empty !== undefined) closeSync(empty);
    },
  };
}

function listDescriptors(): number[] {
  return readdirSync("/proc/self/fd").map(Number);
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The list itself was open while it was made.
    return false;
  }
}

function isPipe(descriptor: number): boolean {
  return fstatSync(descriptor).isFIFO();
}
