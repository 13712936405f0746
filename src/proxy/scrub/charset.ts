// Which charsets an answer may be in, so that values in it are the bytes that are looked for: those in which ASCII is itself. In UTF-16, UTF-32, UTF-7 and EBCDIC it is something else.

/** What IANA and WHATWG know of that kind. Whatever else a server may come up with is not known to be of it. */
const ASCII_SUPERSET =
  /^(?:utf-?8|utf8mb[34]|unicode-1-1-utf-8|cesu-?8|(?:us-?)?ascii|ansi_x3\.4-19(?:68|86)|iso[-_]?646[-_.]us|binary|(?:cs(?:iso)?)?latin-?[1-9]|l[1-9]|(?:cs)?iso[-_]?8859[-_]?\d+(?:-[ei]|:19\d\d)?|windows-(?:125\d|874|93[26]|949|950|31j)|x?-?cp-?(?:437|65001|7[37]7|85[0-8]|86[0-69]|874|9(?:32|36|49|50)|125\d)|ibm(?:437|85[0-8]|86[0-69])|koi8?(?:-[a-z]+)?|cskoi8r|(?:cs)?big5(?:-hkscs)?|gbk|x-gbk|gb_?2312(?:-80)?|gb18030|csgb2312|chinese|euc-?(?:jp|kr|cn|tw)|x-euc-jp|ks_c_5601-1987|korean|(?:cs)?(?:x-)?s(?:hift)?[-_]?jis|ms_kanji|iso-2022-(?:jp|kr|cn)(?:-\d|-ext)?|(?:x-)?mac(?:intosh|-?[a-z]+)?|tis-620|viscii|dos-\d+|x-user-defined)$/;
/** The parameter of a media type (RFC 9110 section 8.3.1), however it is written. */
const CHARSET = /;\s*charset\s*=\s*["']?([^"';,\s]*)["']?/gi;
const CHARSET_NAME = /charset/i;

/** Whether every charset that a Content-Type names is one in which ASCII is itself. One that names none is read as what its first bytes say, which `judgeStart` is for. */
export function isReadableType(contentType: string): boolean {
  return !namesOne(contentType) || [...contentType.matchAll(CHARSET)].every(([, charset = ""]) => isReadable(charset));
}

/** An `Accept` without the charsets of other kinds. */
export function acceptReadable(accept: string): string {
  return namesOne(accept) ? accept.replace(CHARSET, (parameter, charset: string) => (isReadable(charset) ? parameter : "")) : accept;
}

/** Most name none, and to ask for all of them makes a new expression each time. */
function namesOne(text: string): boolean {
  return CHARSET_NAME.test(text);
}

function isReadable(charset: string): boolean {
  return charset === "" || ASCII_SUPERSET.test(charset.toLowerCase());
}
