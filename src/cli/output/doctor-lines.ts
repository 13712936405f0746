// How the doctor's findings are shown, and the status that they end in.
import type { Finding } from "../../app/doctor/finding.ts";
import { isProblem } from "../../app/doctor/finding.ts";
import { EXIT, exitStatusOf } from "./exit-status.ts";
import { visible } from "./visible-text.ts";

/** Worst first: what may mean an attack or a loss, then what keeps the vault shut, then what passes. */
const WORST_FIRST: readonly number[] = [EXIT.damaged, EXIT.noVault, EXIT.newerVersion, EXIT.wrongKey, EXIT.keyUnavailable, EXIT.auditUnwritable, EXIT.busy, EXIT.noValue, EXIT.locked, EXIT.usage];

/** 0 where there is no problem. */
export function worstStatus(findings: readonly Finding[]): number {
  const statuses = findings.flatMap((finding) => (finding.level === "problem" ? [exitStatusOf(finding.code)] : []));
  return WORST_FIRST.find((status) => statuses.includes(status)) ?? (statuses.length > 0 ? EXIT.unexpected : EXIT.done);
}

export function findingObject(finding: Finding): Record<string, unknown> {
  const { check, level, message } = finding;
  return { check, level, message, fix: level === "ok" ? null : (finding.fix ?? null) };
}

export function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.flatMap((finding) => {
    const fix = finding.level === "ok" ? undefined : finding.fix;
    return [`${finding.level.padEnd(7)}  ${finding.check.padEnd(11)}  ${visible(finding.message)}`, ...(fix === undefined ? [] : [`${" ".repeat(22)}→ ${visible(fix)}`])];
  });
  const problems = findings.filter(isProblem).length;
  return [...lines, problems === 0 ? "no problem found" : `${problems} ${problems === 1 ? "problem" : "problems"} found`];
}
