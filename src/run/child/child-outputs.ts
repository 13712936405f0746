// Output streams of a child that pass through here and are rewritten on the way, instead of being ours. They are made before there is a child: one that is to have them may be started long before anything is known to rewrite.
import type { Socket } from "node:net";
import type { Readable, Transform } from "node:stream";
import type { OutputPipe } from "./output-pipe.ts";
import { findOutputPipe } from "./output-pipe.ts";
import type { RelayedOutput } from "./relayed-output.ts";
import { relayOutput } from "./relayed-output.ts";
import { openRunFolder } from "../run-folder.ts";

/** For the child's `stdio`. */
export type OutputEnd = "inherit" | "pipe" | Socket;

/** What rewrites them. */
export interface OutputRewrite {
  readonly stdout: Transform;
  readonly stderr: Transform;
}

export interface ChildOutputs {
  readonly stdout: OutputEnd;
  readonly stderr: OutputEnd;
  /**
   * Call once at most, when there is a child that has the ends.
   *
   * @param child where an end was "pipe", Node's own stream stands there.
   */
  relay(child: { readonly stdout: Readable | null; readonly stderr: Readable | null }, rewrite: OutputRewrite): RelayedOutput;
  /** Lets go of what was never relayed. */
  close(): void;
}

interface Passing {
  readonly descriptor: 1 | 2;
  readonly pipe: OutputPipe | undefined;
}

/**
 * @param parent of private folders, in one of which pipes stand for a moment.
 * @param descriptors the streams that are to pass through here.
 * @throws VaultError as `openRunFolder`.
 */
export function openChildOutputs(parent: string, descriptors: readonly (1 | 2)[]): ChildOutputs {
  const folder = openRunFolder(parent);
  const passing = makePipes(folder.path, descriptors);
  folder.close();
  const endOf = (descriptor: 1 | 2): OutputEnd => {
    const found = passing.find((one) => one.descriptor === descriptor);
    return found === undefined ? "inherit" : (found.pipe?.writeEnd ?? "pipe");
  };
  let isOpen = true;
  return {
    stdout: endOf(1),
    stderr: endOf(2),
    relay(child, rewrite) {
      isOpen = false;
      const relays = passing.flatMap(({ descriptor, pipe }) => {
        pipe?.handOver();
        const source = pipe?.openReader() ?? (descriptor === 1 ? child.stdout : child.stderr);
        return source === null ? [] : [relayOutput(source, descriptor === 1 ? rewrite.stdout : rewrite.stderr, descriptor)];
      });
      return { async finish() { await Promise.all(relays.map((relay) => relay.finish())); } };
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      for (const { pipe } of passing) {
        pipe?.handOver();
        pipe?.discard();
      }
    },
  };
}

function makePipes(folder: string, descriptors: readonly (1 | 2)[]): Passing[] {
  return descriptors.map((descriptor) => ({ descriptor, pipe: findOutputPipe(folder, `output-${descriptor}`) }));
}
