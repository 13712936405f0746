// What helpers of other tools take. Those tools start them, with one word behind what the user has configured.
import { Args, Flags } from "@oclif/core";
import { readStdin } from "./stdin.ts";

/** A question is a host and some names. */
const QUESTION_BYTES_MAX = 64 * 1024;

export const secretFlag = { secret: Flags.string({ char: "s", description: "the secret, by the name of the variable that the run has given it; without it, the service at the host tells", helpValue: "NAME" }) };
export const namedSecretFlag = { secret: Flags.string({ char: "s", description: "the secret, by the name of the variable that the run has given it", required: true, helpValue: "NAME" }) };
export const userFlag = { username: Flags.string({ description: "the name that goes with it, where the service has none of its own", helpValue: "USER" }) };
export const operationArg = { operation: Args.string({ required: true, ignoreStdin: true, description: "what is asked; the tool itself says it" }) };

export async function readQuestion(): Promise<string> {
  return Buffer.from(await readStdin("the question", QUESTION_BYTES_MAX)).toString("utf8");
}
