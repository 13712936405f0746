import type { SealedVector } from "./catalogue.ts";
import type { FileVector } from "./files.ts";

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

/** The same of a whole file: the sealed file, and where it opens, the opened one, each as a JSON text on a line of its own. */
export function formatFileVector({ expect, comment, keys, format, fileName, fields, strict, sealed, opened }: FileVector): string {
  const header = [
    `expect: ${expect}`,
    `comment: ${comment}`,
    `keys: ${keys}`,
    `format: ${format}`,
    `name: ${fileName === undefined ? "none" : JSON.stringify(fileName)}`,
    `fields: ${fields === undefined ? "all that are sealed" : JSON.stringify(fields)}`,
    `strict: ${strict}`,
  ];
  return `${header.join("\n")}\n\n${[sealed, ...(expect === "success" ? [opened] : [])].map((text) => `${JSON.stringify(text)}\n`).join("")}`;
}
