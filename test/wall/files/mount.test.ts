import { expect, test } from "vitest";
import type { Mount } from "../../../src/wall/files/mount.ts";
import { formatMounts } from "../../../src/wall/files/mount.ts";

test("each step is told in bubblewrap's words, in order", () => {
  const mounts: Mount[] = [
    { kind: "read-only", source: "/", path: "/" },
    { kind: "empty", path: "/tmp", bytesMax: 4096 },
    { kind: "empty", path: "/run" },
    { kind: "writable", source: "/home/u/p", path: "/home/u/p" },
    { kind: "nothing", path: "/home/u/.netrc" },
    { kind: "link", target: "../x", path: "/home/u/l" },
    { kind: "sealed", path: "/home/u" },
  ];
  expect(formatMounts(mounts).join(" ")).toBe("--ro-bind / / --size 4096 --tmpfs /tmp --tmpfs /run --bind /home/u/p /home/u/p --ro-bind /dev/null /home/u/.netrc --symlink ../x /home/u/l --remount-ro /home/u");
});
