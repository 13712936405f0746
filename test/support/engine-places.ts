// The same tests on each engine that there is, against its real server: one that a test may stop and start again, with as many fresh places for vaults as it asks for.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { hasPostgres, openPostgresServer } from "./postgres-server.ts";
import { hasRedis, openRedisServer } from "./redis-server.ts";
import { hasS3, openS3Server } from "./s3-server.ts";

export type EngineKind = "redis" | "postgres" | "s3";

/** Where one vault may be kept. */
export interface EnginePlace {
  /** The locator, without a password: for `--store`. */
  readonly url: string;
  /** With the password or the keys. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface EngineStage {
  readonly kind: EngineKind;
  readonly port: number;
  /** A place that nobody has used. @param port of a relay to the server, unless it is reached itself. */
  place(port?: number): EnginePlace;
  /** Without a word to who is connected. What was answered is kept. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** At the same port. */
  start(): Promise<void>;
  pid(): number;
  close(): Promise<void>;
}

interface Opener {
  readonly isHere: boolean;
  open(): Promise<EngineStage>;
}

export const freshName = (): string => `v-${randomBytes(6).toString("hex")}`;

export const ENGINES: Readonly<Record<EngineKind, Opener>> = {
  redis: {
    isHere: hasRedis,
    async open() {
      const server = await openRedisServer();
      return { ...server, kind: "redis", place: (port = server.port) => ({ url: `redis://127.0.0.1:${port}/0/${freshName()}`, environment: { VAULT_STORE_PASSWORD: server.password } }) };
    },
  },
  postgres: {
    isHere: hasPostgres,
    async open() {
      const server = await openPostgresServer();
      return { ...server, kind: "postgres", place: (port = server.port) => ({ url: `postgres://vault@127.0.0.1:${port}/vault/${freshName()}?tls=off`, environment: { VAULT_STORE_PASSWORD: server.password } }) };
    },
  },
  s3: {
    isHere: hasS3,
    async open() {
      const server = await openS3Server();
      const environment = { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey };
      return { ...server, kind: "s3", place: (port = server.port) => ({ url: `s3://${server.bucket}/${freshName()}?endpoint=http://127.0.0.1:${port}`, environment }) };
    },
  },
};

/**
 * `tests` once per engine, within a `describe` of its own whose server runs while its tests do. An engine whose server is not installed is skipped by name.
 *
 * @param tests `stage()` may be asked for within tests and hooks.
 */
export function describeEngines(title: string, tests: (stage: () => EngineStage, kind: EngineKind) => void, kinds: readonly EngineKind[] = ["redis", "postgres", "s3"]): void {
  for (const kind of kinds) {
    const opener = ENGINES[kind];
    describe.skipIf(!opener.isHere)(`${title}: ${kind}`, () => {
      let open: EngineStage | undefined;
      beforeAll(async () => { open = await opener.open(); });
      afterAll(() => open?.close());
      tests(() => {
        if (open === undefined) throw new Error("the server does not run yet");
        return open;
      }, kind);
    });
  }
}
