// The short form of test/soak.
import { testMixedTraffic } from "../support/mixed-traffic.ts";

// In so short a time Node's own heap is still finding its size; the long form is stricter.
testMixedTraffic({ durationMs: 8_000, warmMs: 4_000, growthMax: 64 * 1_048_576 });
