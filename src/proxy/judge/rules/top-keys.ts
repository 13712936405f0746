// The members of a JSON text and of those in its list, as they stand there: of two of one name, some servers take the first and others the last.

/** @returns the names in lower case; undefined where one stands in an object twice, but for the case of its letters. Of what is no JSON, it says nothing. */
export function listKeys(text: string): readonly string[] | undefined {
  const names: string[] = [];
  const levels: (Set<string> | undefined)[] = [];
  let isNameNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case "{":
        levels.push(levels.length <= DEPTH_LOOKED_AT ? new Set() : undefined);
        isNameNext = true;
        break;
      case "[":
        levels.push(undefined);
        isNameNext = false;
        break;
      case "}":
      case "]":
        levels.pop();
        isNameNext = false;
        break;
      case ",":
        isNameNext = levels.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfText(text, at);
        const known = levels.at(-1);
        if (isNameNext && known !== undefined) {
          const name = nameOf(text.slice(at, end + 1)).toLowerCase();
          if (known.has(name)) return undefined;
          known.add(name);
          names.push(name);
        }
        isNameNext = false;
        at = end;
        break;
      }
    }
  }
  return names;
}

/** The object itself, and those of a list of them. */
const DEPTH_LOOKED_AT = 1;

function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at;
}

function nameOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
