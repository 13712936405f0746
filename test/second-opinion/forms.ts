// FORMAT.md, "Key slot" and "Secret records".
import { ascending, base64Of, demand, integer, list, literal, matching, members, orNull, sorted, text, variant } from "./grammar.ts";
import type { Form, FormOf } from "./grammar.ts";
import { rules, source } from "./sources.ts";
import { isTemplate } from "./template.ts";
import { host, time } from "./texts.ts";
import { composedText, visibleText } from "./visible.ts";

const kdf = (() => {
  const costs = members({
    algorithm: literal("argon2id"),
    version: literal(19),
    memoryKib: integer(19_456, 1_048_576),
    passes: integer(2, 10),
    lanes: literal(1),
    salt: base64Of(16),
  });
  return (value: unknown) => {
    const found = costs(value);
    demand(found.memoryKib * found.passes <= 4_194_304, "out-of-bounds");
    return found;
  };
})();
export type Kdf = FormOf<typeof kdf>;

const slotStart = { id: base64Of(16), commitment: base64Of(32) };
const passphraseSlot = members({ provider: literal("passphrase"), ...slotStart, kdf });
const fileSlot = members({ provider: literal("file"), ...slotStart, path: visibleText(4096), owned: literal(true, false) });
const keyringSlot = members({ provider: literal("keyring"), ...slotStart, service: visibleText(256), account: visibleText(256), owned: literal(true, false) });
const envSlot = members({ provider: literal("env"), ...slotStart, variable: matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) });
export type KeySlot = FormOf<typeof passphraseSlot> | FormOf<typeof fileSlot> | FormOf<typeof keyringSlot> | FormOf<typeof envSlot>;
export const keySlot: Form<KeySlot> = variant<KeySlot>("provider", { passphrase: passphraseSlot, file: fileSlot, keyring: keyringSlot, env: envSlot });

export const wrapped = members({ nonce: base64Of(24), ciphertext: base64Of(48) });
export type Wrapped = FormOf<typeof wrapped>;

export const audit = members({ sequence: integer(0, Number.MAX_SAFE_INTEGER), hash: base64Of(32) });
export type AuditHead = FormOf<typeof audit>;

const inGroup = { workspace: composedText(128), group: composedText(128) };
const globalScope = members({ kind: literal("global") });
const workspaceScope = members({ kind: literal("workspace"), workspace: composedText(128) });
const groupScope = members({ kind: literal("group"), ...inGroup });
export type Scope = FormOf<typeof globalScope> | FormOf<typeof workspaceScope> | FormOf<typeof groupScope>;
const scope: Form<Scope> = variant<Scope>("kind", { global: globalScope, workspace: workspaceScope, group: groupScope });

const serviceId = matching(/^[a-z0-9][a-z0-9-]{0,63}$/);

export const secretRecord = members({
  id: base64Of(16),
  name: matching(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/),
  scope,
  groups: sorted(list(members(inGroup), 256), (a, b) => a.workspace < b.workspace || (a.workspace === b.workspace && a.group < b.group)),
  service: orNull(serviceId),
  hosts: sorted(list(host, 64), (a, b) => a < b),
  places: ascending(matching(/^(?:basic|body|header|path|query|header:[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?|query:[A-Za-z0-9_.[\]-]{1,64})$/), 1, 64),
  allowPrivate: literal(true, false),
  scrub: literal(true, false),
  placeholder: orNull(text(isTemplate)),
  source,
  rules,
  version: integer(1, 2 ** 31 - 1),
  createdAt: time,
  updatedAt: time,
  dek: wrapped,
  value: members({ nonce: base64Of(24), commitment: base64Of(32), ciphertext: base64Of(17, 65_552) }),
});
export type SecretRecord = FormOf<typeof secretRecord>;
