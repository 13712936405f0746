// What the vault has sealed of a secret whose value a program makes: the program, its arguments, its variables (FORMAT.md, "Sealed values of sources").
// All that decides what is run was said by the person who stored it. Nothing of it comes from a run, whose program would have the command run with its own `PATH`.
import { isAbsolute } from "node:path";
import { findText } from "../../bytes.ts";
import { Secret } from "../../secret.ts";
import type { Form, FormOf } from "../../vault/json-form.ts";
import { members, sorted, textOf } from "../../vault/json-form.ts";
import { parseArray } from "../../vault/json-shape.ts";
import { SourceFailure } from "./source-maker.ts";

const ARGUMENTS_MAX = 256;
const VARIABLES_MAX = 64;

const noNul = textOf((text) => !text.includes("\0"));
const program = textOf((text) => isAbsolute(text) && !text.includes("\0"));
const environment = sorted(members({ name: textOf(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), value: noNul }), 0, VARIABLES_MAX, ({ name }) => name);
const command: Form<readonly string[]> = (value, what) => {
  const [first, ...others] = parseArray(value, ARGUMENTS_MAX, what);
  return [program(first, what), ...others.map((argument) => noNul(argument, what))];
};

const commandForm = members({ command, environment });
const referenceForm = members({ address: textOf(/^(?=.{1,2048}$)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/), program, environment });

export type CommandOrder = FormOf<typeof commandForm>;
export type ReferenceOrder = FormOf<typeof referenceForm>;

/** @throws VaultError `bad-schema`, `out-of-bounds` for an order that could not be carried out. */
export function encodeCommandOrder(order: CommandOrder): Secret {
  return Secret.fromText(JSON.stringify(commandForm(order, "the command")));
}

/** @throws VaultError as `encodeCommandOrder`. */
export function encodeReferenceOrder(order: ReferenceOrder): Secret {
  return Secret.fromText(JSON.stringify(referenceForm(order, "the reference")));
}

/** @throws SourceFailure `bad-order`. */
export function parseCommandOrder(sealed: Secret): CommandOrder {
  return parseSealed(sealed, commandForm);
}

/** @throws SourceFailure `bad-order`. */
export function parseReferenceOrder(sealed: Secret): ReferenceOrder {
  return parseSealed(sealed, referenceForm);
}

/** No error of these goes on: they may quote what was sealed. @throws SourceFailure `bad-order`. */
export function parseSealed<T>(sealed: Secret, form: Form<T>): T {
  try {
    return form(JSON.parse(findText(sealed.reveal()) ?? ""), "the order");
  } catch {
    throw new SourceFailure({ reason: "bad-order", said: "" });
  }
}
