import { LateAnswer } from "./connection.ts";

/** A connection that is made at its first use, once for all who wait, and again when it was lost. */
export class Reopened<T extends { readonly isLost: boolean; close(): void }> {
  readonly #open: () => Promise<T>;
  #current: Promise<T> | undefined;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** @throws what opening throws; the next call tries again. */
  async get(): Promise<T> {
    const last = this.#current;
    if (last !== undefined) {
      const open = await last;
      if (!open.isLost) return open;
      // Another may have seen it lost before, and made a new one.
      if (this.#current !== last) return await this.get();
    }
    const made = this.#open();
    this.#current = made;
    try {
      return await made;
    } catch (error) {
      if (this.#current === made) this.#current = undefined;
      throw error;
    }
  }

  /** Once more on a new connection, where the first was cut meanwhile: for what may be asked twice. */
  async askAgain<R>(ask: (connection: T) => Promise<R>): Promise<R> {
    const connection = await this.get();
    try {
      return await ask(connection);
    } catch (error) {
      if (!connection.isLost || error instanceof LateAnswer) throw error;
      return await ask(await this.get());
    }
  }

  /** One that is still being opened is closed when it is open; nobody waits for it. */
  close(): void {
    void this.#current?.then((open) => { open.close(); }, () => undefined);
    this.#current = undefined;
  }
}
