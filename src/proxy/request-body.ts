// A request's body on its way up: passed through as it is, and watched for placeholders, which may not act there.
import { Transform } from "node:stream";
import type { Grant } from "./grant.ts";
import type { PatternSearch } from "./pattern-search.ts";
import { compileSearch } from "./pattern-search.ts";

/** Said once for each grant. True lets the body go on; false ends it before the placeholder's first byte. */
export type OnPlaceholder = (grant: Grant) => boolean;

export interface BodyWatch {
  readonly open: (onPlaceholder: OnPlaceholder) => Transform;
}

const EMPTY = new Uint8Array();

export function makeBodyWatch(grants: readonly Grant[]): BodyWatch {
  const search = compileSearch(grants.map(({ placeholder }, owner) => ({ bytes: Buffer.from(placeholder, "latin1"), owner })));
  return { open: (onPlaceholder) => openWatch(search, grants, onPlaceholder) };
}

/** Holds back what may begin a placeholder, so that a refused one never goes out in part. */
function openWatch(search: PatternSearch, grants: readonly Grant[], onPlaceholder: OnPlaceholder): Transform {
  const seen = new Set<Grant>();
  let carry: Uint8Array = EMPTY;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      const text = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
      const hold = search.findUnfinished(text, 0);
      for (let match = search.find(text, 0); match !== undefined; match = search.find(text, match.end)) {
        const grant = grants[match.pattern.owner];
        if (grant === undefined || seen.has(grant)) continue;
        seen.add(grant);
        // The caller has answered the child: nothing more goes up, and the request stays unfinished for the server.
        if (!onPlaceholder(grant)) return;
      }
      carry = text.subarray(hold);
      done(null, text.subarray(0, hold));
    },
    flush(done) {
      done(null, carry);
    },
  });
}
