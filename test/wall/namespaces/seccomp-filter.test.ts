// The filter's bytes, as the kernel would take them: run here by a small machine of the same kind, for each call of each way to ask the kernel.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeSeccompFilter } from "../../../src/wall/namespaces/seccomp-filter.ts";

/** By the names of the kernel's own headers; `arm` has none on other machines' disks. */
const NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x86_64: { keyctl: 250, add_key: 248, request_key: 249, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, bpf: 321, perf_event_open: 298, userfaultfd: 323, kexec_load: 246, kexec_file_load: 320, init_module: 175, finit_module: 313, delete_module: 176, ioctl: 16, socket: 41 },
  i386: { keyctl: 288, add_key: 286, request_key: 287, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, bpf: 357, perf_event_open: 336, userfaultfd: 374, kexec_load: 283, init_module: 128, finit_module: 350, delete_module: 129, ioctl: 54, socket: 359, socketcall: 102 },
  aarch64: { keyctl: 219, add_key: 217, request_key: 218, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, bpf: 280, perf_event_open: 241, userfaultfd: 282, kexec_load: 104, kexec_file_load: 294, init_module: 105, finit_module: 273, delete_module: 106, ioctl: 29, socket: 198 },
  arm: { keyctl: 311, add_key: 309, request_key: 310, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, bpf: 386, perf_event_open: 364, userfaultfd: 388, kexec_load: 347, kexec_file_load: 401, init_module: 128, finit_module: 379, delete_module: 129, ioctl: 54, socket: 281 },
};
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
  i386: ["/usr/include/x86_64-linux-gnu/asm/unistd_32.h", "/usr/include/asm/unistd_32.h"],
  aarch64: ["/usr/include/asm-generic/unistd.h"],
};
/** AUDIT_ARCH_* of linux/audit.h. */
const ARCHES: Readonly<Record<string, number>> = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
const WAYS: Readonly<Record<string, readonly string[]>> = { x64: ["x86_64", "i386"], arm64: ["aarch64", "arm"] };
const NOT_DENIED = new Set(["ioctl", "socket", "socketcall"]);

const ALLOW = 0x7fff0000;
const refused = (errno: number): number => 0x50000 + errno;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [refused(1), refused(38), refused(97)];

interface Call {
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly bigint[];
}

/** What the kernel answers. @throws where it would not take the program, or where a jump leaves it. */
function judge(filter: Uint8Array, { arch, number, args = [] }: Call): number {
  // struct seccomp_data
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, value, true);
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let word = 0;
  for (let at = 0; at < filter.byteLength; at += 8) {
    const [code, ifTrue, ifFalse, value] = [program.getUint16(at, true), program.getUint8(at + 2), program.getUint8(at + 3), program.getUint32(at + 4, true)];
    if (code === 0x06) return value;
    if (code === 0x20) word = data.getUint32(value, true);
    else if (code === 0x15) at += 8 * (word === value ? ifTrue : ifFalse);
    else if (code === 0x45) at += 8 * ((word & value) === 0 ? ifFalse : ifTrue);
    else throw new Error(`no instruction ${code}`);
  }
  throw new Error("it ends without an answer");
}

function numbersOf(way: string): Readonly<Record<string, number>> {
  return NUMBERS[way] ?? {};
}

const each = Object.entries(WAYS).flatMap(([processor, ways]) => ways.map((way) => [way, processor] as const));

describe.each(each)("calls as %s, with the filter for %s", (way, processor) => {
  const filter = makeSeccompFilter(processor) ?? new Uint8Array();
  const arch = ARCHES[way] ?? 0;
  const numbers = numbersOf(way);
  const ask = (number: number, ...args: bigint[]): number => judge(filter, { arch, number, args });

  test("is a program of a length that the kernel takes", () => {
    expect([filter.length % 8, filter.length > 0, filter.length / 8 <= 4096]).toEqual([0, true, true]);
  });

  test.each(Object.entries(numbers).filter(([name]) => !NOT_DENIED.has(name)))("%s (%i) is refused", (_name, number) => {
    expect(ask(number, 1n, 2n)).toBe(EPERM);
  });

  test("every other call is allowed", () => {
    const others = Array.from({ length: 1024 }, (_, number) => number).filter((number) => !Object.values(numbers).includes(number));
    expect(others.filter((number) => ask(number) !== ALLOW)).toEqual([]);
  });

  test("of ioctl, what types into a terminal is refused, whatever stands in the upper half of the word", () => {
    const ioctl = numbers["ioctl"] ?? 0;
    for (const request of [0x5412n, 0x541cn]) for (const upper of [0n, 1n << 32n, 0xffff_ffff_0000_0000n]) expect(ask(ioctl, 0n, upper | request)).toBe(EPERM);
    for (const request of [0x5401n, 0x5411n, 0x5413n, 0x541bn, 0n]) expect(ask(ioctl, 0x5412n, request)).toBe(ALLOW);
  });

  test("sockets are of four families", () => {
    const socket = numbers["socket"] ?? 0;
    const families = Array.from({ length: 64 }, (_, family) => family);
    expect(families.filter((family) => ask(socket, BigInt(family)) === ALLOW)).toEqual([1, 2, 10, 16]);
    expect(families.filter((family) => ask(socket, BigInt(family)) === EAFNOSUPPORT)).toHaveLength(60);
    if (numbers["socketcall"] !== undefined) expect([1n, 2n, 3n].map((call) => ask(numbers["socketcall"] ?? 0, call))).toEqual([EPERM, ALLOW, ALLOW]);
  });

  const header = (HEADERS[way] ?? []).find((path) => existsSync(path));
  test.skipIf(header === undefined)("has the numbers that this machine's headers have (needs them)", () => {
    const text = readFileSync(header ?? "", "utf8");
    const found = Object.keys(numbers).map((name) => [name, Number(new RegExp(`^#define __NR(?:3264)?_${name} ([0-9]+)$`, "m").exec(text)?.[1] ?? numbers[name])]);
    expect(Object.fromEntries(found)).toEqual(numbers);
    // A filter for a processor must not have been made before this call was there.
    expect(text).toMatch(/__NR_(?:io_uring_setup|openat2)/);
  });
});

test("x32 is no way around x86-64", () => {
  const filter = makeSeccompFilter("x64") ?? new Uint8Array();
  for (const number of [0, 1, 16, 41, 250, 425, 514]) expect(judge(filter, { arch: ARCHES["x86_64"] ?? 0, number: 0x40000000 + number })).toBe(ENOSYS);
});

test("another processor's calls are none", () => {
  for (const processor of Object.keys(WAYS)) {
    const filter = makeSeccompFilter(processor) ?? new Uint8Array();
    const others = [...Object.entries(ARCHES).filter(([way]) => WAYS[processor]?.includes(way) === false).map(([, arch]) => arch), 0, 0x8, 0xc000003f];
    for (const arch of others) for (const number of [0, 16, 41, 250]) expect(judge(filter, { arch, number })).toBe(ENOSYS);
  }
  expect(makeSeccompFilter("riscv64")).toBeUndefined();
});
