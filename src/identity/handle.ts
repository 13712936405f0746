/** What people call an identity: lower-case letters, digits, `.`, `-` and `_`; 64 at most. It is part of a file's name, and proves nothing. */
export function isHandle(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text);
}
