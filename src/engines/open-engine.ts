// The engine for a locator. Each is loaded when a vault is on it: a vault in a file costs none of them.
import type { Limits } from "./connection.ts";
import type { Credentials, KeyCredentials } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import type { Locator } from "./locator.ts";

/** Connects to nothing yet. @param limits those of `connection.ts`, unless told otherwise. */
export async function openEngine(locator: Locator, credentials: Credentials, limits?: Limits): Promise<Engine> {
  switch (locator.kind) {
    case "redis": {
      const { RedisEngine } = await import("./redis.ts");
      return new RedisEngine(locator, credentials, limits);
    }
    case "postgres": {
      const { PostgresEngine } = await import("./postgres.ts");
      return new PostgresEngine(locator, credentials, limits);
    }
    case "s3": {
      const { S3Engine } = await import("./s3.ts");
      return new S3Engine(locator, keysIn(credentials), limits);
    }
  }
}

function keysIn(credentials: Credentials): KeyCredentials {
  if (credentials.kind !== "keys") throw new TypeError("S3 takes keys");
  return credentials;
}
