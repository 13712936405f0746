import { onTestFinished } from "vitest";
import type { Limits } from "../../src/engines/connection.ts";
import { credentialsFor } from "../../src/engines/credentials.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { parseLocator } from "../../src/engines/locator.ts";
import { openEngine } from "../../src/engines/open-engine.ts";
import type { EnginePlace } from "./engine-places.ts";

/** A connection of its own to a place, closed when the test is over. */
export async function openPlace(place: EnginePlace, limits?: Limits): Promise<Engine> {
  const { locator } = parseLocator(place.url);
  const engine = await openEngine(locator, credentialsFor(locator, place.environment), limits);
  onTestFinished(() => engine.close());
  return engine;
}
