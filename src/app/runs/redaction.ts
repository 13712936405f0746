// Values out of what the program prints (`vault run --redact`): a convenience against screens and build logs, and no protection. A program that had
// a value could print it in a hundred ways that nobody recognises.
import type { TransformCallback } from "node:stream";
import { PassThrough, Transform } from "node:stream";
import type { Grant } from "../../proxy/grants/grant.ts";
import { makeScrubber } from "../../proxy/scrub/scrub.ts";
import type { OutputRewrite } from "../../run/child/child-outputs.ts";

/**
 * For each output stream, something that puts the placeholder where a value stands, in any of the forms that answers are scrubbed
 * of, and passes every other byte on. What waits is what answers keep waiting, whatever the values are: less than a word of text, and all of what has no ends of lines and words in it.
 *
 * @param grants those that the program was given. Of others it is told nothing, which the text that comes out would do.
 */
export function redactOutput(grants: readonly Grant[]): OutputRewrite {
  const scrubber = makeScrubber(grants);
  const open = (): Transform => {
    const scrub = scrubber?.openAnswer();
    if (scrub === undefined) return new PassThrough();
    return new Transform({
      transform(chunk: Uint8Array, _encoding, done: TransformCallback) {
        for (const piece of scrub.push(chunk)) this.push(piece);
        done();
      },
      flush(done) {
        for (const piece of scrub.end()) this.push(piece);
        done();
      },
    });
  };
  return { stdout: open(), stderr: open() };
}
