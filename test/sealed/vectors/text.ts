import type { SealedVector } from "./catalogue.ts";

/** A vector's file: header lines, an empty line, and the sealed value as a JSON text. */
export function formatVector({ expect, comment, keys, form, place, content, value }: SealedVector): string {
  const header = [
    `expect: ${expect}`,
    `comment: ${comment}`,
    `keys: ${keys}`,
    `form of the file: ${form}`,
    `file id: ${place.fileId.toString("hex")}`,
    `path: ${JSON.stringify(place.path)}`,
    ...(expect === "success" ? [`kind: ${content.kind}`, `value: ${JSON.stringify(content.text)}`, `spelling: ${JSON.stringify(content.spelling)}`] : []),
  ];
  return `${header.join("\n")}\n\n${JSON.stringify(value)}\n`;
}
