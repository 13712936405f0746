// System calls as a program makes them that asks no library: by Perl, which every Debian has.
import { spawnSync } from "node:child_process";
import { constants } from "node:os";

export const hasPerl = spawnSync("perl", ["-e", "1"], { stdio: "ignore" }).status === 0;

/** Their numbers on x86_64, and in the table that newer architectures share. */
const NUMBERS = {
  ioctl: [16, 29],
  ptrace: [101, 117],
  socket: [41, 198],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  mknodat: [259, 33],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  perf_event_open: [298, 241],
  open_by_handle_at: [304, 265],
  init_module: [175, 105],
  kexec_load: [246, 104],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  mount_setattr: [442, 442],
  syslog: [103, 116],
  reboot: [169, 142],
  swapon: [167, 224],
  sethostname: [170, 161],
  settimeofday: [164, 170],
  setns: [308, 268],
  process_vm_readv: [310, 270],
  pidfd_open: [434, 434],
} as const satisfies Record<string, readonly [number, number]>;

export type CallName = keyof typeof NUMBERS;

/** Behind these, a program of another ABI calls the same kernel (x86_64 alone). */
export const X32 = 0x4000_0000;

/**
 * A line for `sh` that makes a call and prints its name with `ok`, or with what the kernel says: `EPERM`.
 *
 * @param args as Perl has them: numbers, or strings in double quotes for memory.
 * @param before Perl that stands before the call.
 */
export function bareCall(name: CallName, args: readonly (number | string)[] = [], { before = "", abi = 0 }: { readonly before?: string; readonly abi?: number } = {}): string {
  const number = NUMBERS[name][process.arch === "x64" ? 0 : 1] + abi;
  // Perl hands over the memory of a string that is a variable's; a literal may not be written to.
  const held = args.map((arg, index) => (typeof arg === "string" && arg.startsWith('"') ? `my $m${index} = ${arg};` : ""));
  const words = args.map((arg, index) => (held[index] === "" ? arg : `$m${index}`));
  const perl = `${before} ${held.join("")} $! = 0; my $r = syscall(${[number, ...words].join(", ")}); my ($n) = grep { $!{$_} } qw(${NAMES.join(" ")}); print "${name}: ", $r >= 0 ? "ok" : $n // $! + 0, "\\n";`;
  return `perl -MErrno -e '${perl}'`;
}

const NAMES = Object.keys(constants.errno);
