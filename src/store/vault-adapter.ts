import type { Adapter } from "lowdb";
import { readPrivateFile, readPrivateStart, replaceFile } from "../disk/durable-file.ts";
import { equalBytes } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { KeyHolder } from "../vault/key-holder.ts";
import type { VaultContents, VaultFile } from "../vault/vault-file.ts";
import { encodeVaultFile, FILE_BYTES_MAX, parseVaultFile, verifyVaultFile } from "../vault/vault-file.ts";
import { requireThisVersion, START_BYTES_MAX } from "../vault/vault-version.ts";

/** Puts new bytes in force in the place of those that were read, and makes the file their copy. @throws VaultError `busy` where others are in force. */
export type Publish = (bytes: Uint8Array, before: Uint8Array | undefined) => Promise<void>;

/**
 * lowdb's two-method seam over the vault file. lowdb's own JSONFile would turn a 0600 file into 0644, use one fixed temporary name, and never fsync.
 * `write` authenticates with the holder given, and refuses to replace anything but what `read` has returned (compare and swap).
 */
export class VaultAdapter implements Adapter<VaultContents | null> {
  readonly #path: string;
  readonly #publish: Publish | undefined;
  #holder: KeyHolder | undefined;
  #bytes: Uint8Array | undefined;
  #file: VaultFile | undefined;

  /** @param publish where the file is a copy of what is in force elsewhere. */
  constructor(path: string, holder?: KeyHolder, publish?: Publish) {
    this.#path = path;
    this.#holder = holder;
    this.#publish = publish;
  }

  /** The file as it was last read or written. */
  get file(): VaultFile | undefined {
    return this.#file;
  }

  /** From the next write on: what replaces the file that was read under another key. */
  authenticateWith(holder: KeyHolder): void {
    this.#holder = holder;
  }

  async read(): Promise<VaultContents | null> {
    const bytes = this.#readBytes();
    this.#bytes = bytes;
    this.#file = bytes === undefined ? undefined : parseVaultFile(bytes);
    return Promise.resolve(this.#file?.contents ?? null);
  }

  /** @throws VaultError `busy` when the file is no longer the one that was read, although the lock is held; `io`. */
  async write(contents: VaultContents | null): Promise<void> {
    if (this.#holder === undefined || contents === null) throw new VaultError("locked", "the vault can only be written with its key", "vault unlock");
    const bytes = await encodeVaultFile(contents, this.#holder);
    // What is about to be named vault.json is read as any reader would, before it has that name.
    const file = parseVaultFile(bytes);
    await verifyVaultFile(file, this.#holder);
    file.records.all();
    if (this.#publish !== undefined) await this.#publish(bytes, this.#bytes);
    else if (!replaceFile(this.#path, bytes, () => this.#isUnchanged())) {
      throw new VaultError("busy", "another process has changed the vault, although this one holds its lock", "keep the vault on a local file system and try again");
    }
    this.#bytes = bytes;
    this.#file = file;
  }

  /** A file of a newer version may be larger than any of this one's. */
  #readBytes(): Uint8Array | undefined {
    try {
      return readPrivateFile(this.#path, FILE_BYTES_MAX);
    } catch (error) {
      if (error instanceof VaultError && error.code === "too-large") requireThisVersion(readPrivateStart(this.#path, START_BYTES_MAX) ?? new Uint8Array());
      throw error;
    }
  }

  #isUnchanged(): boolean {
    const now = readPrivateFile(this.#path, FILE_BYTES_MAX);
    if (now === undefined || this.#bytes === undefined) return now === this.#bytes;
    return equalBytes(now, this.#bytes);
  }
}
