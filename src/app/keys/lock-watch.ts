// A run's ear for `vault lock`. Once it has heard, no secret goes out any more.
import type { AgentClient, AgentTie } from "../../agent/client/client.ts";
import type { Presence } from "../../agent/presence/presence.ts";
import { announce, realmOf } from "../../agent/presence/presence.ts";
import type { VaultPaths } from "../../paths.ts";
import { watchLockMark } from "./lock-mark.ts";

export interface LockWatch {
  /** Cheap: asked before each use of a secret. Once true, it stays true. */
  readonly isRevoked: () => boolean;
  /** Keeps the connection of the agent that opened the vault. Its end is a lock, unless the agent says that it ends because its time is over. */
  follow(agent: AgentClient): void;
  close(): void;
}

/** Nobody else sends it, and it does nothing to a process that does not listen for it (signal(7)): one that is called by mistake takes no harm. The kernel lets nobody but the user and root send it. */
export const LOCK_SIGNAL = "SIGURG";

/**
 * Listens for the next lock, from now on; to be begun before the vault is opened, so that no lock falls between.
 *
 * On Linux `lock` finds the run by its presence and sends it a signal. The run answers by withdrawing: nothing of that is in a file, and the program in the run can neither hide its parent nor keep a signal from it.
 * Elsewhere a mark in the runtime folder has to do, which such a program could remove.
 *
 * @throws VaultError `io`.
 */
export function watchLock({ dataFolder, lockMark }: Pick<VaultPaths, "dataFolder" | "lockMark">): LockWatch {
  const isMarkChanged = process.platform === "linux" ? () => false : watchLockMark(lockMark);
  let isRevoked = false;
  let presence: Presence | undefined;
  const ties = new Set<AgentTie>();
  const revoke = (): void => {
    isRevoked = true;
    presence?.withdraw();
  };
  const close = (): void => {
    process.off(LOCK_SIGNAL, revoke);
    presence?.withdraw();
    for (const tie of ties) tie.close();
  };
  // Before anybody can know of this process.
  process.on(LOCK_SIGNAL, revoke);
  try {
    presence = announce("run", realmOf(dataFolder));
  } catch (error) {
    close();
    throw error;
  }
  return {
    isRevoked: () => isRevoked || isMarkChanged(),
    follow(agent) {
      const tie = agent.tie();
      ties.add(tie);
      void tie.ended.then((reason) => { if (reason === "gone") revoke(); });
    },
    close,
  };
}
