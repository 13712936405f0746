// JSON, with the comments and trailing commas that configuration files have (JSONC).
import type { ParseErrorCode } from "jsonc-parser";
import { visit } from "jsonc-parser";
import { VaultError } from "../../errors.ts";
import type { DocumentField, DocumentFormat } from "../document.ts";
import { describePath } from "../field-path.ts";

const DEPTH_MAX = 200;

/** @param what the file, as the user knows it. */
export function jsonFormat(what: string): DocumentFormat {
  return { name: "JSON", parse: (text) => parseJson(text, what), spell: (text) => JSON.stringify(text) };
}

/** An open map or list. */
interface Level {
  readonly keys: Set<string> | undefined;
  step: string | number;
}

function parseJson(text: string, what: string): DocumentField[] {
  const fields: DocumentField[] = [];
  const levels: Level[] = [];
  const path = (): (string | number)[] => levels.map(({ step }) => step);
  const refuse = (offset: number, why: string): never => {
    throw new VaultError("usage", `${what}, line ${text.slice(0, offset).split("\n").length}: ${why}`);
  };
  const enter = (level: Level, offset: number): void => {
    if (levels.push(level) > DEPTH_MAX) refuse(offset, `it is nested more than ${DEPTH_MAX} deep`);
  };
  const afterValue = (): void => {
    const level = levels.at(-1);
    if (typeof level?.step === "number") level.step += 1;
  };
  visit(text, {
    onObjectBegin: (offset) => { enter({ keys: new Set(), step: "" }, offset); },
    onArrayBegin: (offset) => { enter({ keys: undefined, step: 0 }, offset); },
    onObjectEnd: () => { levels.pop(); afterValue(); },
    onArrayEnd: () => { levels.pop(); afterValue(); },
    onObjectProperty: (key: string, offset) => {
      const level = levels.at(-1);
      if (level === undefined) return;
      level.step = key;
      // Of two, one reader takes the first and another the last.
      if (level.keys?.has(key) === true) refuse(offset, `"${describePath(path())}" stands there twice`);
      level.keys?.add(key);
    },
    onLiteralValue: (value: unknown, offset, length) => {
      const spelling = text.slice(offset, offset + length);
      const kind = typeof value === "string" ? "text" : value === null ? "empty" : "literal";
      fields.push({ path: path(), kind, text: typeof value === "string" ? value : spelling, start: offset, end: offset + length });
      afterValue();
    },
    onError: (_code: ParseErrorCode, offset) => { refuse(offset, "this is no JSON"); },
  }, { disallowComments: false, allowTrailingComma: true, allowEmptyContent: false });
  return fields;
}
