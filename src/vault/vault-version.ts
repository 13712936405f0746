// The start of every vault file, of this version and of all to come (FORMAT.md, "The first two lines").
import { VaultError } from "../errors.ts";

export const FORMAT_VERSION = 1;
/** How much of a file is looked at for its version and its features. */
export const START_BYTES_MAX = 8192;
export const FEATURES_MAX = 64;

const VERSION_MAX = 2 ** 32 - 1;
const FEATURE = /^[a-z][a-z0-9-]{0,63}$/;
// White space, so that a newer file stays one when a tool has laid it out anew; not without end.
const GAP = "[\\t\\n\\r ]{0,16}";
const VERSION = new RegExp(`^${GAP}\\{${GAP}"format"${GAP}:${GAP}"vault/([1-9][0-9]{0,9})"`);
const FEATURES = /^\{"format": "vault\/1",\n {2}"features": (\[".*"\]),\n/;

/**
 * Whatever else is in a file: one that names a newer version or a feature was made by a newer program, and is not to be called damaged.
 *
 * @param bytes the file, or its first `START_BYTES_MAX` bytes.
 * @throws VaultError `newer-version`.
 */
export function requireThisVersion(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, START_BYTES_MAX)).toString("latin1");
  const version = Number(VERSION.exec(start)?.[1]);
  if (version > FORMAT_VERSION && version <= VERSION_MAX) throw newerVersion(`format ${version}`);
  const [feature] = findFeatures(FEATURES.exec(start)?.[1] ?? "[]");
  if (feature !== undefined) throw newerVersion(`the feature "${feature}"`);
}

export function isFeature(text: string): boolean {
  return FEATURE.test(text);
}

/** Empty for anything that is not a list of features as a writer would write it. */
function findFeatures(json: string): readonly string[] {
  const features = json.slice(2, -2).split('","');
  const isWritten = features.length <= FEATURES_MAX && features.every((feature, index) => isFeature(feature) && (index === 0 || (features[index - 1] ?? "") < feature));
  return isWritten ? features : [];
}

function newerVersion(what: string): VaultError {
  return new VaultError("newer-version", `the vault was made by a newer version of this program (${what})`, "update vault; the file was left untouched");
}
