// What the filter answers, asked as the kernel asks it: its instructions are carried out here, for every processor. That the kernel takes it: the walls' own tests.
import { describe, expect, it } from "vitest";
import { makeSeccompFilter } from "../../../src/wall/namespaces/seccomp-filter.ts";

const [ALLOW, EPERM, ENOSYS, EAFNOSUPPORT] = [0x7fff0000, 0x50001, 0x50026, 0x50061];

/** By their numbers in the kernel's own tables (arch/x86/entry/syscalls, asm-generic/unistd.h, arch/arm/tools/syscall.tbl). */
const DENIED = ["keyctl", "add_key", "request_key", "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"] as const;
const WAYS = [
  { way: "x86-64", node: "x64", arch: 0xc000003e, ioctl: 16, socket: 41, numbers: [250, 248, 249, 425, 426, 427, 321, 298, 323, 246, 320, 175, 313, 176] },
  { way: "i386", node: "x64", arch: 0x40000003, ioctl: 54, socket: 359, numbers: [288, 286, 287, 425, 426, 427, 357, 336, 374, 283, undefined, 128, 350, 129] },
  { way: "AArch64", node: "arm64", arch: 0xc00000b7, ioctl: 29, socket: 198, numbers: [219, 217, 218, 425, 426, 427, 280, 241, 282, 104, 294, 105, 273, 106] },
  { way: "ARM", node: "arm64", arch: 0x40000028, ioctl: 54, socket: 281, numbers: [311, 309, 310, 425, 426, 427, 386, 364, 388, 347, 401, 128, 379, 129] },
] as const;

/** Classic BPF, as far as the filter uses it. */
function ask(node: string, arch: number, number: number, args: readonly number[] = []): number {
  const filter = makeSeccompFilter(node) ?? new Uint8Array();
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [index, argument] of args.entries()) data.setUint32(16 + 8 * index, argument, true);
  let word = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const [code, ifTrue, ifFalse, value] = [view.getUint16(at, true), view.getUint8(at + 2), view.getUint8(at + 3), view.getUint32(at + 4, true)];
    if (code === 0x06) return value;
    if (code === 0x20) word = data.getUint32(value, true);
    else at += 8 * ((code === 0x15 ? word === value : (word & value) !== 0) ? ifTrue : ifFalse);
  }
  throw new Error("no answer");
}

describe.each(WAYS)("on $way", ({ node, arch, ioctl, socket, numbers }) => {
  it.each(DENIED.map((call, index) => [call, numbers[index]] as const).filter(([, number]) => number !== undefined))("%s is refused", (_call, number) => {
    expect(ask(node, arch, number ?? NaN)).toBe(EPERM);
  });

  it("nothing else is, of the first thousand calls", () => {
    const refused = Array.from({ length: 1_000 }, (_none, number) => number).filter((number) => number !== socket && ask(node, arch, number) !== ALLOW);
    expect(refused).toEqual(numbers.filter((number) => number !== undefined).sort((a, b) => a - b));
  });

  it("nothing is put into the terminal's input, and sockets are of four families", () => {
    expect([0x5412, 0x541c, 0x5413].map((request) => ask(node, arch, ioctl, [0, request]))).toEqual([EPERM, EPERM, ALLOW]);
    const families = Array.from({ length: 64 }, (_none, family) => family).filter((family) => ask(node, arch, socket, [family]) === ALLOW);
    expect(families).toEqual([1, 2, 10, 16]);
    expect(ask(node, arch, socket, [40])).toBe(EAFNOSUPPORT);
  });
});

it("another processor's way, and x32, are no way at all", () => {
  expect(ask("x64", 0xc00000b7, 1)).toBe(ENOSYS);
  expect(ask("x64", 0xc000003e, 0x40000000 + 1)).toBe(ENOSYS);
  expect(ask("x64", 0x40000003, 102, [1])).toBe(EPERM);
  expect(ask("x64", 0x40000003, 102, [3])).toBe(ALLOW);
  expect(makeSeccompFilter("s390x")).toBeUndefined();
});
