// The engine for a locator. Each is loaded when a vault is on it: a vault in a file costs none of them.
import type { Limits } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
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
    case "s3":
      throw new Error("not yet");
  }
}
