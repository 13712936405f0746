import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { BUNDLED_PRESETS } from "../../src/services/bundled-presets.ts";
import { listPresets } from "../../src/services/preset-registry.ts";
import { getService, makeRegistry } from "../../src/services/registry.ts";
import { findTable, formatPresets, putTable } from "./presets-page.ts";

const PAGE = fileURLToPath(new URL("../../docs/presets.md", import.meta.url));
/** `VAULT_WRITE_PRESETS=1` writes the table in docs/presets.md instead of checking it. */
const isWriting = process.env["VAULT_WRITE_PRESETS"] === "1";

it("docs/presets.md has the table that follows from the presets' files", () => {
  const registry = makeRegistry();
  const table = formatPresets(BUNDLED_PRESETS.map(({ service }) => {
    const { id, title, ...known } = getService(registry, service);
    return { id, title, presets: listPresets({ id, ...known }) };
  }));
  const page = readFileSync(PAGE, "utf8");
  if (isWriting) writeFileSync(PAGE, putTable(page, table));
  else expect(findTable(page)).toBe(table);
});
