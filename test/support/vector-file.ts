// A test vector: header lines, an empty line, and a vault file (the shape of the vectors of C2SP's CCTV).

/** `text` is used as it stands, before any normalisation; `bytes` is a KEK, or what stands in a key file. */
export type VectorKey = { readonly kind: "kek" | "key-file"; readonly bytes: Buffer } | { readonly kind: "passphrase"; readonly text: string };

export interface Vector {
  /** The file's name without `.txt`. */
  readonly name: string;
  /** `success`, or the error that a reader must give. */
  readonly expect: string;
  readonly comment: string;
  readonly key: VectorKey;
  /** For a success: the vault key, and name and value of each secret in the order of the file. */
  readonly vaultKey?: Buffer;
  readonly secrets: readonly (readonly [name: string, value: Buffer])[];
  readonly body: Buffer;
  /** How many spaces stand behind `body`: for a file that is only there to be large. */
  readonly spaces?: number;
}

const SPACES = Buffer.from(" ");

export function vaultBytes({ body, spaces = 0 }: Vector): Buffer {
  return Buffer.concat([body, Buffer.alloc(spaces, SPACES)]);
}

export function formatVector(vector: Vector): Buffer {
  const { key, vaultKey, body, spaces } = vector;
  const isVerbatim = isSafeInEditors(body);
  const header = [
    `expect: ${vector.expect}`,
    `comment: ${vector.comment}`,
    key.kind === "passphrase" ? `passphrase: ${key.text}` : `${key.kind}: ${key.bytes.toString("hex")}`,
    ...(vaultKey === undefined ? [] : [`vault-key: ${vaultKey.toString("hex")}`]),
    ...vector.secrets.map(([name, value]) => `secret: ${name} = ${value.toString("hex")}`),
    ...(isVerbatim ? [] : ["body: base64"]),
    ...(spaces === undefined ? [] : [`spaces: ${spaces}`]),
  ];
  return Buffer.concat([Buffer.from(`${header.join("\n")}\n\n`), isVerbatim ? body : Buffer.from(`${body.toString("base64")}\n`)]);
}

/** @throws Error for a file that is no vector. */
export function parseVector(name: string, file: Buffer): Vector {
  const end = file.indexOf("\n\n");
  if (end < 0) throw new Error(`${name}: no empty line behind the header`);
  const header = file.subarray(0, end).toString("utf8").split("\n").map((line): [string, string] => {
    const colon = line.indexOf(": ");
    if (colon < 0) throw new Error(`${name}: "${line}" is no header line`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const find = (wanted: string): string | undefined => header.find(([label]) => label === wanted)?.[1];
  const get = (wanted: string): string => find(wanted) ?? fail(`${name}: no ${wanted}`);
  const [passphrase, keyFile, vaultKey, spaces] = [find("passphrase"), find("key-file"), find("vault-key"), find("spaces")];
  const body = file.subarray(end + 2);
  return {
    name,
    expect: get("expect"),
    comment: get("comment"),
    key: passphrase === undefined ? { kind: keyFile === undefined ? "kek" : "key-file", bytes: Buffer.from(keyFile ?? get("kek"), "hex") } : { kind: "passphrase", text: passphrase },
    ...(vaultKey === undefined ? {} : { vaultKey: Buffer.from(vaultKey, "hex") }),
    secrets: header.filter(([label]) => label === "secret").map(([, text]) => {
      const [secret = "", value = ""] = text.split(" = ");
      return [secret, Buffer.from(value, "hex")] as const;
    }),
    body: find("body") === "base64" ? Buffer.from(body.toString("latin1"), "base64") : body,
    ...(spaces === undefined ? {} : { spaces: Number(spaces) }),
  };
}

/** Whether no editor or checkout would change the bytes: UTF-8 with an LF at its end, and no control characters but LF. */
function isSafeInEditors(body: Buffer): boolean {
  const text = body.toString("utf8");
  return Buffer.from(text).equals(body) && text.endsWith("\n") && !/[^\n\P{Cc}]|\ufeff/u.test(text);
}

function fail(message: string): never {
  throw new Error(message);
}
