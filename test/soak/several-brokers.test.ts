// A thousand sessions at three brokers.
import { testKilledBroker } from "../support/killed-broker.ts";

testKilledBroker({ sessions: 1_000, rate: 80, newEach: 160, loadMs: 30_000, settledMs: 75_000, vanished: 30 });
