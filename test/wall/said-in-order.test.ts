// What the other stories judge: the lines of a program and of those that it starts, whichever stream each of them takes.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("what is said on both streams comes out whole, and in its order", async (wall) => {
  const script = "for number in $(seq 200); do printf 'half of ' >&2; echo $number >&2; echo whole $number; done";
  const expected = Array.from({ length: 200 }, (_, index) => `half of ${index + 1}\nwhole ${index + 1}\n`).join("");
  for (const { said } of [await wall.run(script), await wall.openly(script)]) expect(said).toContain(expected);
});
