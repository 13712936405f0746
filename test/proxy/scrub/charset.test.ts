import { expect, it } from "vitest";
import { acceptReadable, isReadableType } from "../../../src/proxy/scrub/charset.ts";

/** Every label of the WHATWG Encoding standard's decoder for a charset in which ASCII is itself. */
const LABELS = "utf-8 UTF8 us-ascii ascii iso-8859-1 ISO8859-15 iso_8859-2:1987 latin1 l2 csisolatin1 windows-1252 cp1251 x-cp1250 koi8-r koi8-u big5 big5-hkscs gbk gb2312 gb18030 euc-jp euc-kr shift_jis sjis windows-31j iso-2022-jp macintosh x-mac-cyrillic tis-620 ibm866 cp866 dos-874 ks_c_5601-1987 unicode-1-1-utf-8 ansi_x3.4-1968".split(" ");
const OTHERS = "utf-16 windows-1200 UTF-16LE utf16 utf-16be utf-32 UTF-32LE ucs-2 ISO-10646-UCS-2 csunicode unicode utf-7 unicode-1-1-utf-7 csutf7 ebcdic-cp-us cp037 IBM037 ibm-1047 cp1047 IBM01140 cp500 cp870 scsu bocu-1 x-no-such".split(" ");

it.each(LABELS)("in %s a value is what it is", (label) => {
  for (const type of [`text/plain; charset=${label}`, `text/plain;charset="${label}"`, `text/html ; q=1; CHARSET = '${label}'; x=y`]) expect([type, isReadableType(type)]).toEqual([type, true]);
});

it.each(OTHERS)("in %s it is not, or nobody knows", (label) => {
  for (const type of [`text/plain; charset=${label}`, `text/plain; charset=utf-8; charset="${label}"`, `application/json;charset=${label}`]) expect([type, isReadableType(type)]).toEqual([type, false]);
});

it("types without a charset are read, and whatever is no charset", () => {
  for (const type of ["", "text/plain", "application/octet-stream", "text/plain; charset=", 'text/plain; charset=""', "multipart/form-data; boundary=charset", "text/utf-16"]) expect(isReadableType(type)).toBe(true);
});

it("others are not asked for, and all else is", () => {
  expect(acceptReadable("text/html;charset=utf-16, application/json; charset=UTF-8;q=0.9, text/plain;charset=ebcdic-cp-us;q=0.1, */*")).toBe("text/html, application/json; charset=UTF-8;q=0.9, text/plain;q=0.1, */*");
});
