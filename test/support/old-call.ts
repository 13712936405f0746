// A program for x86 that makes one system call in the 32-bit way (int 0x80), which a filter for 64-bit calls alone does not see. No compiler is needed: it is all here.

/** Numbers of the 32-bit table. */
export const OLD_CALL = { ioctl: 54, add_key: 286, socket: 359, mount: 21 } as const;

const AT = 0x40_0000;
const HEAD_BYTES = 64 + 56;

/**
 * An ELF file whose process ends with the error number of the call, or 0. The third argument is the address of a `Q`.
 */
export function oldCall(number: number, first: number, second: number): Buffer {
  const immediate = (opcode: number, value: number): number[] => [opcode, value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
  const [eax, ecx, edx, ebx] = [0xb8, 0xb9, 0xba, 0xbb];
  const make = (key: number): number[] => [
    ...immediate(eax, number), ...immediate(ebx, first), ...immediate(ecx, second), ...immediate(edx, key), 0xcd, 0x80,
    // A result that is not negative counts as 0; then exit(-result) in the 64-bit way.
    0x85, 0xc0, 0x78, 0x02, 0x31, 0xc0, 0xf7, 0xd8, 0x89, 0xc7, ...immediate(eax, 231), 0x0f, 0x05,
  ];
  const code = Buffer.from([...make(AT + HEAD_BYTES + make(0).length), 0x51]);
  const file = Buffer.alloc(HEAD_BYTES + code.length);
  code.copy(file, HEAD_BYTES);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(AT + HEAD_BYTES), 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  // One segment, readable and executable, of the whole file.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(AT), 80);
  file.writeBigUInt64LE(BigInt(AT), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  return file;
}
