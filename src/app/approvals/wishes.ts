// What programs of a run ask their person for. Where no rule has opened a gate, one is opened with the first wish, at an agent that is there already: none is started for it.
import { basename } from "node:path";
import { connectAgent } from "../../agent/client/connect.ts";
import type { HearWish } from "../../proxy/port/wish.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import type { Surroundings } from "../surroundings.ts";
import type { HeldNotices } from "./held-notices.ts";
import type { OpenGate } from "./run-gate.ts";
import { openRunGate } from "./run-gate.ts";

export interface Wishes {
  readonly hear: HearWish;
  /** Safe to call twice. The gate that was handed in stays open. */
  readonly close: () => void;
}

export interface WishTerms {
  readonly gate: OpenGate | undefined;
  readonly run: string;
  readonly command: string;
  readonly lock: LockWatch;
  readonly notices: () => Promise<HeldNotices>;
}

export function openWishes({ paths }: Surroundings, { gate, run, command, lock, notices }: WishTerms): Wishes {
  let own: Promise<OpenGate> | undefined;
  const open = async (): Promise<OpenGate> => openRunGate({ connect: () => connectAgent(paths.agent), run, program: basename(command), idOf: ({ name }) => name, isRevoked: lock.isRevoked, tell: (await notices()).tell });
  return {
    async hear(wish) {
      try {
        return await (gate ?? (await (own ??= open()))).wish(wish);
      } catch {
        own = undefined;
        return { kind: "ended" };
      }
    },
    close() {
      void own?.then((opened) => { opened.close(); }, () => undefined);
    },
  };
}
