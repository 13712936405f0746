// How closely a file is looked at. What tools and agents are set up by, and what shells remember, holds keys more often than not; sources hold them rarely, and much that looks like one.
import places from "./places.json" with { type: "json" };

/**
 * `source`: forms of known keys, private keys, and what both its name and its looks call a secret. `lines`: the same, and values without quotes, which in a program are names and calls. `settings`: whatever looks like a credential. `history`: the same, and values behind flags.
 * `netrc`, `pgpass`, `token`: files of a form of their own.
 */
export type Attention = "source" | "lines" | "settings" | "history" | "netrc" | "pgpass" | "token";

export interface Place {
  /** Below the home folder, or below any other: with `/`, and `*` for a part of a name. */
  readonly path: string;
  /** Whose file it is. */
  readonly title: string;
  readonly attention: Attention;
  /** Whether it is looked for in the home folder where nothing was named. */
  readonly inHome: boolean;
}

/** Templates of `.env` files are for everybody to read. */
const TEMPLATE_NAME = /\.(?:example|sample|template|dist|defaults?)$/i;

/** Programs, and forms of data that have no values without quotes. */
const QUOTING_NAME =
  /\.(?:[cm]?[jt]sx?|vue|svelte|astro|pyi?|pyx|go|rs|java|kts?|groovy|gradle|scala|clj[cs]?|[ch]|cc|cpp|cxx|h(?:h|pp|xx)|mm?|cs|fsx?|vb|swift|rb|erb|php|p[lm]|lua|r|jl|dart|exs?|erl|hrl|hs|elm|mli?|zig|nim|sol|s?css|less|svg|map|json[cl5]?|ndjson|ipynb|avsc|wat|s|asm)$|(?:^|\/)Jenkinsfile[^/]*$/i;

export const PLACES: readonly Place[] = places.places.map(({ path, title, attention = "settings", inHome = true }) => ({ path, title, attention: parseAttention(attention), inHome }));

/** Folders whose content others have made, or that is made anew: by name, wherever they stand. */
export const PASSED_FOLDERS: ReadonlySet<string> = new Set(places.passedFolders);

const PATTERNS = PLACES.map((place) => ({ place, pattern: new RegExp(`(?:^|/)${place.path.split("*").map(escape).join("[^/]*")}$`) }));

/** @param path as `findPlace` takes it. */
export function attentionFor(path: string): Attention {
  return findPlace(path)?.attention ?? (QUOTING_NAME.test(path) ? "source" : "lines");
}

/** @param path with `/`, absolute or not. @returns undefined for what is nobody's in particular. */
export function findPlace(path: string): Place | undefined {
  return TEMPLATE_NAME.test(path) ? undefined : PATTERNS.find(({ pattern }) => pattern.test(path))?.place;
}

function escape(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
}

function parseAttention(text: string): Attention {
  switch (text) {
    case "source":
    case "lines":
    case "settings":
    case "history":
    case "netrc":
    case "pgpass":
    case "token":
      return text;
    default:
      throw new RangeError(`"${text}" is no attention`);
  }
}
