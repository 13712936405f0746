import type { Vector } from "../../support/vector-file.ts";
import { documentDefects } from "./document.ts";
import { recordDefects } from "./records.ts";
import { sealingDefects } from "./sealing.ts";
import { slotDefects } from "./slot.ts";
import { successes } from "./success.ts";
import { termDefects } from "./terms.ts";

/** Every vector, as the second implementation makes it: the same bytes on each run. */
export const vectors: readonly Vector[] = [...successes, ...documentDefects, ...slotDefects, ...recordDefects, ...termDefects, ...sealingDefects];
