// `.env` files with sealed values, opened for a run. From then on the same rules hold for them as for any: names in the vault stay placeholders, other credentials stop the run.
import { basename } from "node:path";
import { findText, utf8 } from "../../bytes.ts";
import { looksSealed } from "../../sealed/claim.ts";
import type { DocumentFormat } from "../../sealed/document.ts";
import { unsealDocument } from "../../sealed/sealed-document.ts";
import type { SealingKeys } from "../../sealed/sealing-key.ts";
import { appendAudited } from "../keys/change-vault.ts";
import { loadFormat } from "./document-format.ts";
import type { EnvFile } from "../imports/env-file-variables.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import type { KeyVariables } from "./seal-options.ts";
import { keysOfVariables, keysOfVault } from "./sealing-keys.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * The files with their sealed values opened; those without any as they are, and no key is asked for then.
 *
 * @param requirePerson called before the vault's own key opens one: it reveals to the program what nothing scrubs.
 * @throws VaultError what `requirePerson` says; `usage` for what is no `.env` file; `key-unavailable`, `wrong-key`, `bad-seal`: a sealed value is never passed on as it stands.
 */
export async function openEnvFiles(surroundings: Surroundings, vault: OpenedVault, files: readonly EnvFile[], variables: KeyVariables, requirePerson: () => Promise<void>): Promise<EnvFile[]> {
  let keys: SealingKeys | undefined;
  const opened: EnvFile[] = [];
  try {
    for (const file of files) {
      const format = await loadFormat(file.path, "dotenv");
      const text = findText(file.bytes);
      if (text === undefined || !holdsSealed(format, text)) {
        opened.push(file);
        continue;
      }
      if (keys === undefined && variables === undefined) await requirePerson();
      keys ??= variables === undefined ? await keysOfVault(surroundings, vault, false) : keysOfVariables(surroundings, variables);
      const { text: plain, changed } = unsealDocument(format, text, undefined, { keys, form: undefined, name: undefined });
      await appendAudited(surroundings, vault.holder, vault.file.contents, { kind: "file.unseal", file: basename(file.path), key: keys.newest.id, fields: changed.length });
      opened.push({ path: file.path, bytes: utf8(plain) });
    }
    return opened;
  } finally {
    for (const { bytes } of keys?.all ?? []) bytes.wipe();
  }
}

function holdsSealed(format: DocumentFormat, text: string): boolean {
  return format.parse(text).some((field) => looksSealed(field.text));
}
