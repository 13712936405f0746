// `.env` files. The grammar is another part's, which also stands for how programs will read them; here, values are put between its borders.
import { findText } from "../../bytes.ts";
import type { Secret } from "../../secret.ts";
import type { DocumentFormat } from "../document.ts";

/** One `NAME=value`; its value is spelled from `start` to `end`, quotes included. */
export interface Assignment {
  readonly name: string;
  readonly value: Secret;
  readonly start: number;
  readonly end: number;
}

/** Whether the plain spelling reads back as it is: no quote, comment, space or escape has a meaning in it. */
const PLAIN = /^[A-Za-z0-9_.:/@%+=,-]*$/;

/** @param readAssignments refuses, by the number of the line, what two readers could take differently. */
export function dotenvFormat(readAssignments: (text: string) => readonly Assignment[]): DocumentFormat {
  return {
    name: ".env",
    parse: (text) => readAssignments(text).map(({ name, value, start, end }) => {
      // An empty value stands before the blanks that part it from a comment.
      const gap = start === end ? (/[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0) : 0;
      return { path: [name], kind: "text", text: findText(value.reveal()) ?? "", start: start - gap, end: end - gap };
    }),
    spell: spellValue,
  };
}

/** In the first kind of quotes that keeps it. */
function spellValue(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  if (/[\r]/.test(text)) return undefined;
  const quote = ["'", "`"].find((mark) => !text.includes(mark)) ?? (/["\\]/.test(text) ? undefined : '"');
  return quote === undefined ? undefined : `${quote}${text}${quote}`;
}
