/** Control characters, and those that cannot be seen or turn text round. */
const UNSEEN = /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;

/** Text from elsewhere (a path, a name) with the characters shown by their numbers that would move a terminal's cursor, or let one name pass for another. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
