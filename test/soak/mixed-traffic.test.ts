// Ten minutes of it. `npm run test:soak` runs it.
import { testMixedTraffic } from "../support/mixed-traffic.ts";

// Thousands of requests of each kind that left 2 KB behind would show.
testMixedTraffic({ durationMs: 10 * 60_000, warmMs: 30_000, growthMax: 24 * 1_048_576 });
