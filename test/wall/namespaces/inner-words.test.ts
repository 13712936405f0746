// What the inner bubblewrap is told.
import { expect, test } from "vitest";
import { formatInnerWords } from "../../../src/wall/namespaces/inner-words.ts";

function wordsOf(uid: number): string[] {
  const words = Buffer.from(formatInnerWords({ mounts: [{ kind: "read-only", source: "/", path: "/" }], environment: { A: "1" }, folder: "/home/u/p", uid, gid: uid, hasSizes: false })).toString().split("\0");
  expect(words.pop()).toBe("");
  return words;
}

test("begins in the folder that the run was started in, with the variables that it was given", () => {
  expect(wordsOf(1000).slice(-6)).toEqual(["--clearenv", "--setenv", "A", "1", "--chdir", "/home/u/p"]);
});

test("root cannot turn the kernel's switches in there, and for nobody else is anything laid over them", () => {
  const covered = (uid: number): string[] => wordsOf(uid).filter((word) => word.startsWith("/proc/"));
  expect(covered(0)).toEqual(["sys", "sysrq-trigger", "irq", "bus", "fs", "scsi", "acpi", "asound"].flatMap((name) => [`/proc/${name}`, `/proc/${name}`]));
  for (const uid of [1, 1000]) expect(covered(uid)).toEqual([]);
});
