/** Text from elsewhere (a path, a name) with the characters escaped that would move a terminal's cursor or cannot be seen. */
export function visible(text: string): string {
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
