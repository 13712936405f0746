// What becomes of one field: sealed, opened, or refused. No value that is sealed, or says that it is, is ever taken for a plain one.
import { findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { Form } from "./claim.ts";
import { findForm, merelyLooksSealed } from "./claim.ts";
import type { FieldPath } from "./field-path.ts";
import { describePath } from "./field-path.ts";
import { findFirstForm, openFirstForm, sealFirstForm } from "./first-form.ts";
import type { SealingKeys } from "./sealing-key.ts";
import type { FieldContent } from "./second-form.ts";
import { findSecondForm, openSecondForm, sealSecondForm } from "./second-form.ts";

/** What all sealed fields of one file have in common. */
export interface SealSetting {
  readonly keys: SealingKeys;
  readonly form: Form;
  /** Base64url of 16 bytes. The first form does not know it. */
  readonly fileId: string;
}

export interface OpenedField {
  readonly content: FieldContent;
  /** Whether the newest key has sealed it. */
  readonly isNewest: boolean;
}

/** @throws VaultError `usage` for what the form cannot carry. */
export function sealField({ keys, form, fileId }: SealSetting, path: FieldPath, content: FieldContent): string {
  if (findText(utf8(content.text)) !== content.text) throw new VaultError("usage", `"${describePath(path)}" holds half a character (a lone surrogate), which nothing can carry`);
  if (form === "v2") return sealSecondForm(keys.newest, { fileId, path }, content);
  if (content.kind !== "text") throw new VaultError("usage", `"${describePath(path)}" is no text, and the form v1 seals nothing else`, "make it a text, or take the form v2");
  return sealFirstForm(keys.newest, content.text);
}

/**
 * @param stored a text that says that it is sealed.
 * @throws VaultError `bad-seal` for what is in neither form, in another than the file's, or was changed or moved; `wrong-key` where no key is the one.
 */
export function openField(setting: SealSetting, path: FieldPath, stored: string): OpenedField {
  const form = findForm(stored, path);
  if (form !== setting.form) throw new VaultError("bad-seal", `"${describePath(path)}" is sealed in another form than the file's (${setting.form})`, "it was put there by somebody else, or by hand: take it out, or bring the file back from its history");
  return form === "v2" ? openSecond(setting, path, stored) : openFirst(setting, path, stored);
}

function openSecond({ keys, fileId }: SealSetting, path: FieldPath, stored: string): OpenedField {
  const value = findSecondForm(stored);
  if (value === undefined) throw merelyLooksSealed(path);
  if (value.fileId !== fileId) throw new VaultError("bad-seal", `"${describePath(path)}" was sealed for another file`, "it was pasted from there: seal its plain value here instead");
  const key = keys.all.find(({ id }) => id === value.keyId);
  if (key === undefined) throw new VaultError("wrong-key", `"${describePath(path)}" is sealed with the key ${value.keyId}, which is not at hand`, "keys at hand: " + keys.all.map(({ id }) => id).join(", "));
  const content = openSecondForm(key, { fileId, path }, value);
  if (content === undefined) throw new VaultError("bad-seal", `"${describePath(path)}" does not open: it was changed, or sealed for another field`, "put it back where it was, or bring the file back from its history");
  return { content, isNewest: key === keys.newest };
}

/** This form's values do not say which key without a name they were sealed with: each is tried. */
function openFirst({ keys }: SealSetting, path: FieldPath, stored: string): OpenedField {
  const value = findFirstForm(stored);
  if (value === undefined) throw merelyLooksSealed(path);
  for (const key of keys.all.filter(({ name }) => name === value.keyName)) {
    const text = openFirstForm(key, value);
    if (text !== undefined) return { content: { kind: "text", text, spelling: undefined }, isNewest: key === keys.newest };
  }
  const name = value.keyName === undefined ? "" : ` (it names the key "${value.keyName}")`;
  throw new VaultError("wrong-key", `"${describePath(path)}" opens with none of the keys at hand${name}, or was changed`);
}
