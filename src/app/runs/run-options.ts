// What a run is asked for.
import type { Project } from "../../project/run-file.ts";
import type { GateOptions } from "../approvals/run-gate.ts";
import type { EnvFiles } from "../imports/env-file-variables.ts";
import type { Rules } from "../../vault/rules.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { KeyVariables } from "../sealing/seal-options.ts";
import type { Selection } from "./granted-secrets.ts";

/** What is asked of the wall of a run. */
export interface WallChoice {
  /** Paths that the program may write to, beside its project. */
  readonly writable: readonly string[];
  /** The same, as the project's file asks for it. */
  readonly asked: readonly string[];
  /** Ports of the program's that this machine may reach. */
  readonly published: readonly number[];
  /** Ports of this machine that the program may reach. */
  readonly hostPorts: readonly number[];
}

export interface RunNarrowing {
  readonly rules: Rules | undefined;
  /** Names of presets, which each secret's service has. */
  readonly presets: readonly string[];
}

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly viewpoint: Viewpoint;
  /** Undefined: every visible secret under its own name. */
  readonly selections: readonly Selection[] | undefined;
  /** What the folder's `vault.run.json` asks for, of which `selections` are a part then. */
  readonly project?: Project | undefined;
  /** `.env` files whose plain variables the child gets, where it does not inherit them. */
  readonly envFiles?: EnvFiles | undefined;
  /** Where the keys of sealed values in them are. The program does not get these variables. */
  readonly sealingKeys?: KeyVariables;
  /** Called before sealed values are opened with the vault's own key; throws where the program of a run around this one has asked for that. */
  readonly requirePerson: () => Promise<void>;
  /** Whether somebody watches, who is told once a day what a program without the wall could do. */
  readonly isWatched: boolean;
  readonly denyUnmatched: boolean;
  /** What its secrets may be used for, which counts beside their own rules. */
  readonly narrowing?: RunNarrowing | undefined;
  readonly strict: boolean;
  /** PEM texts of further roots that upstream servers may present. */
  readonly upstreamRoots: readonly string[];
  /** A file that gets a line for each thing that the proxy does. */
  readonly logFile?: string | undefined;
  /** Gets, when the child has ended, a table of which secret was used where. */
  readonly tellSummary?: ((lines: readonly string[]) => void) | undefined;
  /** Gets a line for each request that begins to wait for a person; `warn` gets it where this is left out. */
  readonly tellHeld?: ((line: string) => void) | undefined;
  /** Asks at the run's own terminal, which the program does not read then. */
  readonly askHere?: GateOptions["askHere"];
  /** Whether output that goes to no terminal is rid of values, as a convenience. */
  readonly redact?: boolean;
  /** How the wall is made: undefined for a run without one. */
  readonly wall?: WallChoice | undefined;
  /** Whether the person has said that there is to be none. */
  readonly declinesWall?: boolean;
  /** Whether placeholders are to be others than in every other run. */
  readonly freshPlaceholders?: boolean;
}
