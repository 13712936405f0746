// Where in each form the search takes hold of it, and what the form weighs around that place.
import type { Form } from "./form.ts";
import { oddKey } from "./form.ts";
import type { FormWords } from "./form-words.ts";
import { readWords, WORD_BYTES } from "./form-words.ts";

/** An anchor is so long: two words of a text, which are found in a table by their hash. */
export const ANCHOR_BYTES = 2 * WORD_BYTES;
/** No more than so many words of a form are weighed to either side of its anchor. */
export const SIDE_WORDS_MAX = 512;
const SIDE_BYTES_MAX = SIDE_WORDS_MAX * WORD_BYTES;
/** What a row has: how many words are weighed before the anchor's beginning, and from there on; the factor of what comes before them; their weight. */
const ROW_NUMBERS = 4;
/** There is room for so many anchors for each that there is: they lie apart. */
const ROOM = 32;
/** Of a place in the smallest table. */
const BITS_MIN = 14;
/** So often keys are made for a table, where two anchors that differ would have one place. With many forms there are always some, and a second table. */
const [TRIES, RETRIED_FORMS_MAX] = [8, 128] as const;
/** So many beginnings of a form's anchors are tried. */
const BASES_MAX = 32;
/** Each table is another pass over a text. In the last one forms share places. */
const TABLES_MAX = 2;
/** Large letters are weighed as if they were small ones: forms are in pairs that differ in nothing else, and can have one row together. */
const FOLD_BYTE = 0x20;
export const FOLD = 0x20202020;

/** A form, and where in it an anchor begins. */
export interface Hold {
  readonly form: Form;
  readonly offset: number;
}

export interface AnchorTable {
  /** Of an anchor's hash: a factor for either word. */
  readonly keys: readonly [number, number];
  /** The first bits of an anchor's hash are its place in `rowAt`, where the beginning of its row in `rows` stands. */
  readonly shift: number;
  readonly rowAt: Uint16Array | Int32Array;
  /** The first row is for what is no form's anchor. No text weighs as much. */
  readonly rows: Int32Array;
  readonly holdsAt: (row: number) => readonly Hold[];
}

/** Forms that are one when folded. */
type Fold = readonly [Form, ...Form[]];

/**
 * Tables in which every form has its own rows, and is weighed whole. Only where many forms are alike for the most part, some are weighed by what they have alike.
 *
 * @param phases how many anchors, each a byte further, every form needs.
 * @param power of a weight: it is a sum of words, each times this once for every word behind it.
 */
export function makeAnchorTables(forms: readonly Form[], phases: number, power: number): AnchorTable[] {
  const tables: AnchorTable[] = [];
  let rest = foldForms(forms).sort(([a], [b]) => a.bytes.length - b.bytes.length);
  while (rest.length > 0) {
    const isLast = tables.length === TABLES_MAX - 1;
    const read = readFolded(rest);
    let table = new Filling(rest, read, phases, isLast);
    for (let tries = 1; table.clashes > 0 && rest.length <= RETRIED_FORMS_MAX && tries < TRIES; tries += 1) {
      const next = new Filling(rest, read, phases, isLast);
      if (next.clashes < table.clashes) table = next;
    }
    tables.push(table.layOut(power));
    if (isLast) break;
    ({ rest } = table);
  }
  return tables;
}

function foldForms(forms: readonly Form[]): Fold[] {
  const folds = new Map<string, [Form, ...Form[]]>();
  for (const form of forms) {
    const folded = Buffer.from(form.bytes);
    for (let at = 0; at < folded.length; at += 1) folded[at] = (folded[at] ?? 0) | FOLD_BYTE;
    // Latin-1 keeps each byte.
    const key = folded.toString("latin1");
    const fold = folds.get(key);
    if (fold === undefined) folds.set(key, [form]);
    else fold.push(form);
  }
  return [...folds.values()];
}

function readFolded(folds: readonly Fold[]): FormWords {
  const read = readWords(folds.map(([{ bytes }]) => bytes));
  for (let at = 0; at < read.words.length; at += 1) read.words[at] = (read.words[at] ?? 0) | FOLD;
  for (let at = 0; at < read.bytes.length; at += 1) read.bytes[at] = (read.bytes[at] ?? 0) | FOLD_BYTE;
  return read;
}

/**
 * A table while forms come into it. An anchor is for all that are found in one place: it has where the first of them holds, and what they have alike around that, so many bytes before the anchor's
 * beginning and from there on. All of it is numbers in a row: of a few thousand forms there are a hundred thousand anchors, and objects for them take several times as long.
 */
class Filling {
  /** What is in it in part or not at all. */
  readonly rest: Fold[] = [];
  /** How many of those would be in it, were it not for a hash. */
  clashes = 0;
  readonly #folds: readonly Fold[];
  /** Folded. */
  readonly #read: FormWords;
  readonly #phases: number;
  readonly #keys = [oddKey(), oddKey()] as const;
  readonly #shift: number;
  readonly #rowAt: AnchorTable["rowAt"];
  /** A bit for each place, whether there is an anchor: so few that they stay near the processor, where the table of a few thousand forms does not. */
  readonly #taken: Int32Array;
  /** By the beginning of their rows, of each anchor: where in all bytes it begins, in which form that is, how much is alike before it and from there on. */
  readonly #anchors: Int32Array;
  #end = ROW_NUMBERS;
  /** Of what came behind the first. */
  readonly #more = new Map<number, Hold[]>();
  /** Of the anchors that were looked at last. */
  readonly #places: Int32Array;

  /** @param shares whether forms that find no place of their own are put where the most of them is weighed. */
  constructor(folds: readonly Fold[], read: FormWords, phases: number, shares: boolean) {
    const anchorsMax = folds.length * phases;
    this.#folds = folds;
    this.#read = read;
    this.#phases = phases;
    this.#places = new Int32Array(phases);
    this.#anchors = new Int32Array((anchorsMax + 1) * ROW_NUMBERS);
    this.#shift = 32 - Math.max(BITS_MIN, Math.ceil(Math.log2(anchorsMax * ROOM)));
    // The smaller it is, the nearer to the processor it stays.
    this.#rowAt = this.#anchors.length <= 65_536 ? new Uint16Array(2 ** (32 - this.#shift)) : new Int32Array(2 ** (32 - this.#shift));
    this.#taken = new Int32Array(2 ** (32 - this.#shift - 5));
    for (const [index, fold] of folds.entries()) {
      const { length } = fold[0].bytes;
      const { base, alikeBytes } = this.#chooseBase(index, length);
      if (alikeBytes < ANCHOR_BYTES) this.clashes += 1;
      if (alikeBytes < Infinity) {
        this.rest.push(fold);
        if (!shares) continue;
        this.#findPlaces(index, base);
      }
      for (let phase = 0; phase < phases; phase += 1) this.#put(index, base + phase, length, this.#places[phase] ?? 0);
    }
  }

  layOut(power: number): AnchorTable {
    const [{ words, starts }, anchors, more] = [this.#read, this.#anchors, this.#more];
    const rows = new Int32Array(this.#end);
    rows.set([0, 0, 1, 1]);
    for (let row = ROW_NUMBERS; row < rows.length; row += ROW_NUMBERS) {
      const start = anchors[row] ?? 0;
      const before = Math.floor((anchors[row + 2] ?? 0) / WORD_BYTES);
      const after = Math.floor((anchors[row + 3] ?? 0) / WORD_BYTES);
      const from = start - before * WORD_BYTES;
      rows[row] = before;
      rows[row + 1] = after;
      // An anchor that is a word further weighs the same words, nearly always.
      const last = row - WORD_BYTES * ROW_NUMBERS;
      if (last > 0 && (anchors[last] ?? 0) - (rows[last] ?? 0) * WORD_BYTES === from && (rows[last] ?? 0) + (rows[last + 1] ?? 0) === before + after) {
        rows.copyWithin(row + 2, last + 2, last + 4);
        continue;
      }
      let [factor, weight] = [1, 0];
      for (let at = from; at < start + after * WORD_BYTES; at += WORD_BYTES) {
        factor = Math.imul(factor, power);
        weight = (Math.imul(weight, power) + (words[at] ?? 0)) | 0;
      }
      rows[row + 2] = factor;
      rows[row + 3] = weight;
    }
    const holdsAt = (row: number): readonly Hold[] => {
      const index = anchors[row + 1] ?? 0;
      const offset = (anchors[row] ?? 0) - (starts[index] ?? 0);
      return row === 0 ? [] : [...(this.#folds[index] ?? []).map((form) => ({ form, offset })), ...(more.get(row) ?? [])];
    };
    return { keys: this.#keys, shift: this.#shift, rowAt: this.#rowAt, rows, holdsAt };
  }

  /** Where the form's anchors may begin: where no other has any of their places, or else where what they have alike is longest. Infinity where they have places of their own, those that were looked at last. */
  #chooseBase(index: number, length: number): { readonly base: number; readonly alikeBytes: number } {
    const [rowAt, taken, phases] = [this.#rowAt, this.#taken, this.#phases];
    const last = length - ANCHOR_BYTES - phases + 1;
    let [best, most] = [0, -1];
    for (let base = 0, tries = 0; base <= last && tries < BASES_MAX; tries += 1) {
      const places = this.#findPlaces(index, base);
      let [least, leastAt] = [Infinity, base];
      for (let phase = 0; phase < phases; phase += 1) {
        const place = places[phase] ?? 0;
        if ((((taken[place >>> 5] ?? 0) >>> place) & 1) === 0) continue;
        const alike = this.#alikeAround(rowAt[place] ?? 0, index, base + phase, length);
        if (alike <= least) [least, leastAt] = [alike, base + phase];
      }
      if (least === Infinity) {
        const twin = findTwin(places);
        if (twin < 0) return { base, alikeBytes: Infinity };
        [least, leastAt] = [0, base + twin];
      }
      if (least > most) [best, most] = [base, least];
      base = leastAt + 1;
    }
    return { base: best, alikeBytes: most };
  }

  #findPlaces(index: number, base: number): Int32Array {
    const [{ words, starts }, [keyA, keyB], places, shift] = [this.#read, this.#keys, this.#places, this.#shift];
    const start = (starts[index] ?? 0) + base;
    for (let phase = 0; phase < places.length; phase += 1) places[phase] = (Math.imul(words[start + phase] ?? 0, keyA) + Math.imul(words[start + phase + WORD_BYTES] ?? 0, keyB)) >>> shift;
    return places;
  }

  #put(index: number, offset: number, length: number, place: number): void {
    const [anchors, taken, bit] = [this.#anchors, this.#taken, 1 << place];
    if (((taken[place >>> 5] ?? 0) & bit) === 0) {
      const row = this.#end;
      anchors[row] = (this.#read.starts[index] ?? 0) + offset;
      anchors[row + 1] = index;
      anchors[row + 2] = Math.min(offset, SIDE_BYTES_MAX);
      anchors[row + 3] = Math.min(length - offset, SIDE_BYTES_MAX);
      taken[place >>> 5] = (taken[place >>> 5] ?? 0) | bit;
      this.#rowAt[place] = row;
      this.#end += ROW_NUMBERS;
      return;
    }
    const row = this.#rowAt[place] ?? 0;
    const after = this.#alikeAfter(row, index, offset, length);
    anchors[row + 2] = after === 0 ? 0 : this.#alikeBefore(row, index, offset);
    anchors[row + 3] = after;
    const holds = (this.#folds[index] ?? []).map((form) => ({ form, offset }));
    this.#more.set(row, [...(this.#more.get(row) ?? []), ...holds]);
  }

  #alikeAround(row: number, index: number, offset: number, length: number): number {
    const after = this.#alikeAfter(row, index, offset, length);
    return after === 0 ? 0 : after + this.#alikeBefore(row, index, offset);
  }

  /** From the anchor's beginning on, what is alike still with this form. */
  #alikeAfter(row: number, index: number, offset: number, length: number): number {
    const { bytes, starts } = this.#read;
    const [other, own] = [this.#anchors[row] ?? 0, (starts[index] ?? 0) + offset];
    const most = Math.min(this.#anchors[row + 3] ?? 0, length - offset);
    let count = 0;
    while (count < most && bytes[other + count] === bytes[own + count]) count += 1;
    return count;
  }

  /** The same before it. */
  #alikeBefore(row: number, index: number, offset: number): number {
    const { bytes, starts } = this.#read;
    const [other, own] = [this.#anchors[row] ?? 0, (starts[index] ?? 0) + offset];
    const most = Math.min(this.#anchors[row + 2] ?? 0, offset);
    let count = 0;
    while (count < most && bytes[other - count - 1] === bytes[own - count - 1]) count += 1;
    return count;
  }
}

/** The last of them that is there twice; negative where none is. */
function findTwin(places: Int32Array): number {
  for (let last = places.length - 1; last > 0; last -= 1) for (let at = 0; at < last; at += 1) if (places[at] === places[last]) return last;
  return -1;
}
