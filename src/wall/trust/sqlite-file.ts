// A database file of SQLite's (https://www.sqlite.org/fileformat2.html) with a few small tables: each is one page, so that nothing has to be split.
import { concatBytes, utf8 } from "../../bytes.ts";

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Values by column; what is left out is NULL. Whole numbers of 32 bits, and bytes. */
  readonly rows: readonly Readonly<Record<string, number | Uint8Array>>[];
}

/** The usual, and the largest that there is, for what does not fit into the usual. */
const PAGES_BYTES = [4096, 65_536];
/** So much of a page a record may not fill: what is longer goes on in another page. */
const SPARE_BYTES = 35;
const HEADER_BYTES = 100;
const LEAF = 0x0d;
/** A version of SQLite that is known to read what stands here. */
const SQLITE_VERSION = 3_040_000;

/** @returns undefined where a table does not fit into a page. */
export function formatDatabase(tables: readonly Table[]): Uint8Array | undefined {
  const schema = tables.map(({ name, columns }, number) => formatRecord([utf8("table"), utf8(name), utf8(name), number + 2, utf8(`CREATE TABLE ${name} (${columns.join(", ")})`)], [0, 1, 2, 4]));
  const contents = tables.map(({ columns, rows }) => rows.map((row) => formatRecord(columns.map((column) => row[column]), [])));
  for (const pageBytes of PAGES_BYTES) {
    const pages = [schema, ...contents].map((records, number) => formatLeaf(records, pageBytes, number === 0 ? HEADER_BYTES : 0));
    if (!pages.every((page) => page !== undefined)) continue;
    pages[0]?.set(formatHeader(pages.length, pageBytes));
    return concatBytes(...pages);
  }
  return undefined;
}

function formatHeader(pages: number, pageBytes: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("SQLite format 3\0", "latin1");
  // The largest page's size does not fit, and is written as 1.
  header.writeUInt16BE(pageBytes === 65_536 ? 1 : pageBytes, 16);
  // Versions of reading and writing; nothing reserved; the fractions that are prescribed.
  header.set([1, 1, 0, 64, 32, 32], 18);
  const words = [1, pages, 0, 0, 1, 4, 0, 0, 1];
  for (const [index, word] of words.entries()) header.writeUInt32BE(word, 24 + 4 * index);
  header.writeUInt32BE(1, 92);
  header.writeUInt32BE(SQLITE_VERSION, 96);
  return header;
}

/** A page of a table's rows, which are numbered from 1. @param start where the page's own head stands. */
function formatLeaf(records: readonly Uint8Array[], pageBytes: number, start: number): Buffer | undefined {
  const page = Buffer.alloc(pageBytes);
  let end = pageBytes;
  const pointers = start + 8;
  for (const [number, record] of records.entries()) {
    const cell = concatBytes(varint(record.length), varint(number + 1), record);
    end -= cell.length;
    if (end < pointers + 2 * records.length || record.length > pageBytes - SPARE_BYTES) return undefined;
    page.set(cell, end);
    page.writeUInt16BE(end, pointers + 2 * number);
  }
  page[start] = LEAF;
  page.writeUInt16BE(records.length, start + 3);
  page.writeUInt16BE(end % 65_536, start + 5);
  return page;
}

/** @param texts which of the values are texts. */
function formatRecord(values: readonly (number | Uint8Array | undefined)[], texts: readonly number[]): Uint8Array {
  const types = values.map((value, index) => varint(value === undefined ? 0 : typeof value === "number" ? 4 : 2 * value.length + (texts.includes(index) ? 13 : 12)));
  const head = concatBytes(...types);
  // Its length counts itself.
  const length = head.length + (head.length < 0x7f ? 1 : 2);
  return concatBytes(varint(length), head, ...values.map((value) => (typeof value === "number" ? int32(value) : (value ?? new Uint8Array()))));
}

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Seven bits a byte, the highest first; all but the last have the eighth set. */
function varint(value: number): Uint8Array {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return Uint8Array.from(bytes);
}
