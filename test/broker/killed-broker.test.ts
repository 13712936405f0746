// A dozen sessions; `npm run test:soak` has a thousand.
import { testKilledBroker } from "../support/killed-broker.ts";

testKilledBroker({ sessions: 12, rate: 12, newEach: 5, loadMs: 2_000, settledMs: 5_000, vanished: 0 });
