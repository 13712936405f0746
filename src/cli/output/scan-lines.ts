// What a scan has found: where, and of what kind; never a value.
import type { Finding, ScanReport } from "../../app/scanning/scan.ts";
import type { Comparison } from "../../app/scanning/known-values.ts";
import { tableLines } from "./table.ts";
import { visible } from "./visible-text.ts";

const KINDS: Readonly<Record<Finding["kind"], string>> = {
  key: "a key by its form",
  "private-key": "a private key",
  "web-token": "a web token",
  "url-password": "a password in a URL",
  assignment: "looks like a credential",
};

const COMPARED: Readonly<Record<Comparison, string>> = {
  compared: "",
  "no-vault": "there is no vault here, so nothing was compared with it",
  unknown: "which of them the vault has is not known: its key is not at hand (vault unlock)",
  "inside-run": "which of them the vault has is not told inside a run",
};
/** More is for `--json`. */
const LEFT_MAX = 5;
const STEPS_MAX = 12;

/** `secret`: null where no secret has that value; absent where that is not known. */
export function scanObject({ findings, comparison, fileCount, passedCount, left, imports, steps }: ScanReport): Record<string, unknown> {
  return {
    findings: findings.map(({ file, line, kind, name, service, secret }) => ({ file, line, kind, name: name ?? null, service: service ?? null, ...(comparison === "compared" ? { secret: secret ?? null } : {}) })),
    comparison,
    files: fileCount,
    foldersPassed: passedCount,
    notRead: left,
    imports,
    steps: steps.map(({ command, then }) => ({ command: command ?? null, then })),
  };
}

/** @param width of the terminal; undefined where nobody looks. */
export function scanLines({ findings, comparison, fileCount }: ScanReport, width: number | undefined): string[] {
  const rows = findings.map((finding) => [`${visible(finding.file)}:${finding.line}`, KINDS[finding.kind], describe(finding), comparison !== "compared" ? "-" : finding.secret === undefined ? "not in it" : `as ${finding.secret}`]);
  const sum = findings.length === 0 ? `nothing found in ${fileCount} files` : `found ${findings.length} in ${new Set(findings.map(({ file }) => file)).size} of ${fileCount} files`;
  return [...(rows.length === 0 ? [] : tableLines([["WHERE", "WHAT", "NAME", "VAULT"], ...rows], width)), sum];
}

/** What is no answer: what was left out, what is not known, and what to do about the findings. */
export function scanNotes({ findings, comparison, left, imports, steps }: ScanReport): string[] {
  return [
    ...left.slice(0, LEFT_MAX).map(({ path, why }) => `not looked at: "${visible(path)}", which ${why}`),
    ...(left.length > LEFT_MAX ? [`and ${left.length - LEFT_MAX} more that were not looked at (--json names them)`] : []),
    ...(findings.length > 0 && COMPARED[comparison] !== "" ? [COMPARED[comparison]] : []),
    ...imports.map((command) => `into the vault: ${visible(command)}`),
    ...steps.slice(0, STEPS_MAX).flatMap(({ aim, command, then }) => (command === undefined ? [visible(then)] : [`${aim}: ${visible(command)}`, `then ${visible(then)}`])),
    ...(steps.length > STEPS_MAX ? [`and what to do about ${steps.length - STEPS_MAX} more (--json has it)`] : []),
  ];
}

function describe({ name, service, title }: Finding): string {
  const words = [name ?? "", service ?? "", title === undefined ? "" : `(${title})`].filter((word) => word !== "");
  return words.length === 0 ? "-" : words.join(" ");
}
