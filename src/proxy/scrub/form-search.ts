// Finds all forms of all values in a text, in a time that depends on the text's length and on whole forms in it, and not on what of a form it has.
// A search that skips by what it reads, or that goes on while bytes agree, is slower where a text has parts of what is looked for, and who times it learns them.
import type { Findings, Form } from "./form.ts";
import { compileLongForms, LONG_BYTES_MIN } from "./long-form-search.ts";
import { compileShortForms } from "./short-form-search.ts";

export type FormSearch = (text: Uint8Array) => Findings;

/** @param forms none of them empty. */
export function compileForms(forms: readonly Form[]): FormSearch {
  const short = forms.filter(({ bytes }) => bytes.length < LONG_BYTES_MIN);
  const searchLong = compileLongForms(forms.filter(({ bytes }) => bytes.length >= LONG_BYTES_MIN));
  if (short.length === 0) return searchLong;
  const searchShort = compileShortForms(short);
  return (text) => {
    const [long, found] = [searchLong(text), searchShort(text)];
    return found.length === 0 ? long : { ...long, forms: [...long.forms, ...found] };
  };
}
