// A TLS client's greeting (RFC 8446 section 4.1.2), read as far as it says which protocols are to be spoken inside (ALPN, RFC 7301).

export type Greeting =
  /** `protocols` is empty where the client offers none, or where the greeting is not as it should be: TLS will say so itself. */
  | { readonly kind: "greeting"; readonly protocols: readonly string[] }
  | { readonly kind: "unfinished" }
  | { readonly kind: "none" };

const HANDSHAKE = 0x16;
const [RECORD_HEAD_BYTES, HANDSHAKE_HEAD_BYTES, VERSION_AND_RANDOM_BYTES] = [5, 4, 34];
const CLIENT_HELLO = 1;
const ALPN = 16;
const NONE_OFFERED: Greeting = { kind: "greeting", protocols: [] };

/** @param bytes the first of a connection. A greeting in several records, which nobody sends without need, counts as one that offers none. */
export function readGreeting(bytes: Buffer): Greeting {
  const [type, version] = bytes;
  if (type !== HANDSHAKE || (version !== undefined && version !== 3)) return { kind: "none" };
  if (bytes.length < RECORD_HEAD_BYTES) return { kind: "unfinished" };
  const end = RECORD_HEAD_BYTES + bytes.readUInt16BE(3);
  if (bytes[RECORD_HEAD_BYTES] !== undefined && bytes[RECORD_HEAD_BYTES] !== CLIENT_HELLO) return NONE_OFFERED;
  if (bytes.length < end) return { kind: "unfinished" };
  const hello = bytes.subarray(RECORD_HEAD_BYTES, end);
  const sessionId = readVector(hello, HANDSHAKE_HEAD_BYTES + VERSION_AND_RANDOM_BYTES, 1);
  const ciphers = readVector(hello, sessionId?.end, 2);
  const compression = readVector(hello, ciphers?.end, 1);
  const extensions = readVector(hello, compression?.end, 2);
  return { kind: "greeting", protocols: extensions === undefined ? [] : readProtocols(extensions.bytes) };
}

interface Vector {
  readonly bytes: Buffer;
  readonly end: number;
}

/** What a length of so many bytes stands before; undefined where it reaches too far. */
function readVector(bytes: Buffer, at: number | undefined, lengthBytes: 1 | 2): Vector | undefined {
  if (at === undefined || at + lengthBytes > bytes.length) return undefined;
  const start = at + lengthBytes;
  const end = start + bytes.readUIntBE(at, lengthBytes);
  return end > bytes.length ? undefined : { bytes: bytes.subarray(start, end), end };
}

function readProtocols(extensions: Buffer): string[] {
  for (let at = 0; at + 2 <= extensions.length; ) {
    const extension = readVector(extensions, at + 2, 2);
    if (extension === undefined) break;
    if (extensions.readUInt16BE(at) === ALPN) return readNames(readVector(extension.bytes, 0, 2)?.bytes ?? Buffer.alloc(0));
    at = extension.end;
  }
  return [];
}

function readNames(list: Buffer): string[] {
  const names: string[] = [];
  for (let name = readVector(list, 0, 1); name !== undefined; name = readVector(list, name.end, 1)) names.push(name.bytes.toString("latin1"));
  return names;
}
