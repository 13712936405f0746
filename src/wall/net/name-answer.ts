// What is answered to who asks for a name behind the wall. Nobody outside hears of the question: whether the name exists shows when a connection to it is made.
import { findAuthority, isAddress } from "../../vault/host.ts";
import { ADDRESS_TYPE, FORMAT_ERROR, formatAnswer, formatFailure, NAME_ERROR, NO_ERROR, NOT_IMPLEMENTED, readInquiry, SERVER_FAILURE } from "./dns-message.ts";
import type { NameTable } from "./name-table.ts";

/** Programs that ask again get the same. */
const KEPT_SECONDS = 60;
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

/** @returns undefined where nothing is to be said. @param inquiry whatever somebody has sent. */
export function answerInquiry(inquiry: Uint8Array, table: Pick<NameTable, "addressOf">): Uint8Array | undefined {
  const read = readInquiry(inquiry);
  switch (read.kind) {
    case "drop":
      return undefined;
    case "malformed":
      return formatFailure(read.id, FORMAT_ERROR);
    case "unknown-kind":
      return formatFailure(read.id, NOT_IMPLEMENTED);
    case "question": {
      const { question } = read;
      const { name } = question;
      if (name === undefined || !isHostName(name)) return formatAnswer(question, NAME_ERROR);
      // It exists, and has nothing of the kind: a client asks for the other kind, or is content.
      if (question.type !== ADDRESS_TYPE || !question.isInternet) return formatAnswer(question, NO_ERROR);
      if (isLocalName(name)) return formatAnswer(question, NO_ERROR, LOOPBACK, KEPT_SECONDS);
      const address = table.addressOf(name);
      return address === undefined ? formatAnswer(question, SERVER_FAILURE) : formatAnswer(question, NO_ERROR, Uint8Array.from(address.split("."), Number), KEPT_SECONDS);
    }
  }
}

/** RFC 6761 section 6.3. */
function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/** An address is none, and neither is a number that some would take for one: `2130706433`, `0x7f.1`. */
function isHostName(name: string): boolean {
  return findAuthority(`${name}:1`)?.host === name && !isAddress(name);
}
