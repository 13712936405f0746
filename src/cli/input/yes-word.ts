// The word by which a person says yes at a terminal that a program prints to. A terminal answers what is printed on it (its title, its modes) as if somebody had typed the answer, and a program that reads from the same terminal can leave any letter of that over.
// So a key is nobody's word there. What the program cannot do is to see what else stands on the terminal.
import { randomInt } from "node:crypto";

/** Without vowels, which would make words, and without the letters of the other answers. */
const LETTERS = "cdfghjkmpqrtvxz";
const LENGTH = 4;

/** One of 50,625. */
export function makeYesWord(): string {
  return Array.from({ length: LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join("");
}

export interface TypedWord {
  /** Letters as they come. `wrong`: as many as the word has, and others; what comes then is a new try. */
  take(letters: string): "more" | "right" | "wrong";
}

export function openTypedWord(word: string): TypedWord {
  let typed = "";
  return {
    take(letters) {
      typed += letters;
      if (typed.length < word.length) return "more";
      const isRight = typed === word;
      typed = "";
      return isRight ? "right" : "wrong";
    },
  };
}
