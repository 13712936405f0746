// The filter of system calls that a walled program runs under, as the kernel takes it: classic BPF in bytes. What namespaces do not close is closed here. Pure.

/** How many bits of a processor's own kind there are, and which words it uses for system calls. */
interface CallNumbers {
  /** AUDIT_ARCH_*: what the kernel calls this way of asking it. */
  readonly arch: number;
  readonly ioctl: number;
  readonly socket: number;
  /** i386 alone: one call for all of them, whose first argument says which. */
  readonly socketcall?: number;
  readonly denied: readonly number[];
}

/** The same numbers everywhere since Linux 5.1: io_uring does what a filter cannot see. */
const IO_URING = [425, 426, 427] as const;

// keyctl, add_key, request_key: the kernel's keyrings are the user's, whatever the namespace. Then io_uring, bpf, perf_event_open and userfaultfd, of which kernel holes are made; kexec and modules.
const X86_64: CallNumbers = { arch: 0xc000003e, ioctl: 16, socket: 41, denied: [250, 248, 249, ...IO_URING, 321, 298, 323, 246, 320, 175, 313, 176] };
const I386: CallNumbers = { arch: 0x40000003, ioctl: 54, socket: 359, socketcall: 102, denied: [288, 286, 287, ...IO_URING, 357, 336, 374, 283, 128, 350, 129] };
const AARCH64: CallNumbers = { arch: 0xc00000b7, ioctl: 29, socket: 198, denied: [219, 217, 218, ...IO_URING, 280, 241, 282, 104, 294, 105, 273, 106] };
const ARM: CallNumbers = { arch: 0x40000028, ioctl: 54, socket: 281, denied: [311, 309, 310, ...IO_URING, 386, 364, 388, 347, 401, 128, 379, 129] };

const PROCESSORS: Readonly<Record<string, readonly CallNumbers[]>> = { x64: [X86_64, I386], arm64: [AARCH64, ARM] };

/** x32: the numbers of x86-64 with this bit, a second way to every call. No program of today uses it. */
const X32_BIT = 0x40000000;

/** Puts characters into the terminal's input, for the shell to read when the program has ended. */
const TIOCSTI = 0x5412;
/** Does the same on a console, by way of its selection. */
const TIOCLINUX = 0x541c;

/** UNIX, INET, INET6, NETLINK. Of others some are bound to no network namespace: AF_VSOCK reaches the machine around a virtual one. */
const FAMILIES = [1, 2, 10, 16] as const;
const SOCKETCALL_SOCKET = 1;

// linux/bpf_common.h, linux/seccomp.h, asm-generic/errno.h
const [LOAD, JUMP_EQUAL, JUMP_SET, RETURN] = [0x20, 0x15, 0x45, 0x06];
const ALLOW = 0x7fff0000;
const errno = (code: number): number => 0x00050000 | code;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [errno(1), errno(38), errno(97)];

// struct seccomp_data. Of an argument the lower half: the kernel looks at no more of these.
const [NUMBER_AT, ARCH_AT] = [0, 4];
const argumentAt = (index: number): number => 16 + 8 * index;

interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly value: number;
}

/**
 * The filter for a processor and its 32-bit ways: everything but what stands above is allowed.
 *
 * @returns undefined for a processor whose calls are not known here.
 */
export function makeSeccompFilter(arch: string): Uint8Array | undefined {
  const ways = Object.hasOwn(PROCESSORS, arch) ? PROCESSORS[arch] : undefined;
  if (ways === undefined) return undefined;
  const sections = ways.flatMap((numbers) => {
    const section = judge(numbers);
    return [load(ARCH_AT), unless(numbers.arch, section.length), ...section];
  });
  return encode([...sections, give(ENOSYS)]);
}

/** For calls of one way: always ends with an answer. */
function judge(numbers: CallNumbers): Instruction[] {
  const x32 = numbers.arch === X86_64.arch ? [{ code: JUMP_SET, ifFalse: 1, value: X32_BIT }, give(ENOSYS)] : [];
  const terminal = [load(argumentAt(1)), ...refuse(TIOCSTI, EPERM), ...refuse(TIOCLINUX, EPERM), give(ALLOW)];
  const socket = [load(argumentAt(0)), ...FAMILIES.flatMap((family) => [unless(family, 1), give(ALLOW)]), give(EAFNOSUPPORT)];
  const socketcall = [load(argumentAt(0)), ...refuse(SOCKETCALL_SOCKET, EPERM), give(ALLOW)];
  return [
    load(NUMBER_AT),
    ...x32,
    ...numbers.denied.flatMap((number) => refuse(number, EPERM)),
    ...on(numbers.ioctl, terminal),
    ...on(numbers.socket, socket),
    ...(numbers.socketcall === undefined ? [] : on(numbers.socketcall, socketcall)),
    give(ALLOW),
  ];
}

function load(at: number): Instruction {
  return { code: LOAD, value: at };
}

function give(answer: number): Instruction {
  return { code: RETURN, value: answer };
}

/** Skips so many instructions where the loaded word is another. */
function unless(value: number, skipped: number): Instruction {
  return { code: JUMP_EQUAL, ifFalse: skipped, value };
}

function refuse(value: number, answer: number): Instruction[] {
  return [unless(value, 1), give(answer)];
}

/** A block that ends with an answer, since it may load another word. */
function on(value: number, block: readonly Instruction[]): Instruction[] {
  return [unless(value, block.length), ...block];
}

/** struct sock_filter: 16 bits, 8, 8, 32. Both kinds of processor are little-endian. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, ifTrue = 0, ifFalse = 0, value }] of instructions.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value, true);
  }
  return bytes;
}
