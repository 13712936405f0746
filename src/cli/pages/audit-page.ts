// The audit log as one page for people: a timeline, tables, no script. Whatever stands in it is escaped by `html`.
import type { AuditReport, ReportedRefusal, ReportedUse, ReportedValue } from "../../app/auditing/audit-report.ts";
import { NONE } from "../../app/auditing/audit-report.ts";
import { timelineRows, TIMELINE_STYLE } from "./audit-timeline.ts";
import type { Html, HtmlPart } from "./html.ts";
import { breakable, html } from "./html.ts";
import { framePage } from "./page-frame.ts";

const RUNS_MAX = 500;

const STYLE = `${TIMELINE_STYLE}
.sums{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0;padding:0;list-style:none}.sums b{font-size:1.4rem;display:block;font-variant-numeric:tabular-nums}
section{overflow-x:auto}table,.strip{overflow-wrap:break-word}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}time{white-space:nowrap}th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}th{font-weight:600;color:var(--faint)}
.refused{color:var(--refused)}
@media (max-width:60rem){thead{position:absolute;display:block;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}table,tbody,tr,td{display:block}tr{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;margin:.5rem 0;background:var(--card)}td{border:0;padding:.1rem 0;text-align:left;display:flex;gap:.75rem}td::before{content:attr(data-label);flex:0 0 6.5rem;color:var(--faint)}td>span{min-width:0}}
`;

/** @param checked whether the whole log was verified just before. @param at when the page is made. */
export function auditPage(report: AuditReport, { checked, at }: { readonly checked: boolean; readonly at: Date }): string {
  const used = report.uses.reduce((sum, { usedAt }) => sum + usedAt.length, 0);
  const body = html`<header><h1>Audit log</h1><p class="faint">Made ${time(at.toISOString())}; all times are UTC. ${checked ? "The whole log was verified just before." : "The log was not verified for this page: vault audit --verify does that."}</p></header>
<main><ul class="sums"><li><b>${report.runs.length}</b>runs</li><li><b>${used}</b>requests with a secret</li><li><b>${report.refusalCount}</b>refused</li><li><b>${report.changes.length}</b>changes of the vault</li></ul>
${section("Timeline", "no run in this time used a secret or was refused one", timelineRows(report.uses))}
${section("Secrets and hosts", "no secret was used and none was refused", report.uses.length === 0 ? [] : [table(["Secret", "Host", "Used", "Refused", "Taken out of answers", "Last", "By which rule", "Programs"], report.uses.map(useRow))])}
${report.values.length === 0 ? "" : section("Values that were made", "", [table(["Secret", "From", "Made", "Last", "Good until", "Failed", "Last failure"], report.values.map(valueRow))])}
${section("Refused", "nothing was refused", report.refusals.length === 0 ? [] : [...(report.refusalCount > report.refusals.length ? [html`<p class="faint">The newest ${report.refusals.length} of ${report.refusalCount}.</p>`] : []), table(["When", "Why", "Host", "Secrets", "Program", "What allows it"], report.refusals.toReversed().map(refusalRow))])}
${section("Runs", "no program was run", report.runs.length === 0 ? [] : [table(["When", "Until", "Program", "Secrets"], report.runs.slice(-RUNS_MAX).toReversed().map((run) => [time(run.at), run.end === undefined ? html`<span class="faint">no end in the log</span>` : time(run.end), html`<code>${breakable(run.program)}</code>`, list(run.secrets)]))])}
${section("Changes of the vault", "nothing was changed", report.changes.length === 0 ? [] : [table(["When", "What", "Secret", "Hosts"], report.changes.toReversed().map(({ at: when, kind, secret, hosts }) => [time(when), breakable(kind), html`<code>${breakable(secret)}</code>`, list(hosts)]))])}
</main>`;
  return framePage({ title: "vault: audit log", style: STYLE, body });
}

function section(title: string, nothing: string, content: readonly Html[]): Html {
  return html`<section><h2>${title}</h2>${content.length === 0 ? html`<p class="faint">${nothing}</p>` : content}</section>`;
}

function useRow({ secret, host, usedAt, refusedAt, scrubbed, programs, rules }: ReportedUse): HtmlPart[] {
  const last = [usedAt.at(-1) ?? "", refusedAt.at(-1) ?? ""].sort().at(-1) ?? "";
  return [html`<code>${breakable(secret)}</code>`, html`<code>${breakable(host)}</code>`, usedAt.length, refusedAt.length === 0 ? 0 : html`<b class="refused">${refusedAt.length}</b>`, scrubbed, last === "" ? NONE : time(last), list([...rules]), list([...programs])];
}

function valueRow({ secret, source, madeAt, until, failedAt, reason }: ReportedValue): HtmlPart[] {
  const [made, failed] = [madeAt.at(-1), failedAt.at(-1)];
  return [html`<code>${breakable(secret)}</code>`, breakable(source), madeAt.length, made === undefined ? NONE : time(made), until === NONE ? NONE : time(until), failed === undefined ? 0 : html`<b class="refused">${failedAt.length}</b>`, failed === undefined ? NONE : html`${time(failed)} ${breakable(reason)}`];
}

function refusalRow({ at, code, text, host, secrets, program, remedy }: ReportedRefusal): HtmlPart[] {
  return [time(at), html`<b class="refused" title="${text}">${breakable(code)}</b>`, html`<code>${breakable(host)}</code>`, list(secrets), html`<code>${breakable(program)}</code>`, breakable(remedy)];
}

/** The roles are those that the elements have already, which narrow screens would take from them: cells stand below each other there. */
function table(columns: readonly string[], rows: readonly (readonly HtmlPart[])[]): Html {
  const cell = (part: HtmlPart, index: number): Html => html`<td role="cell" data-label="${columns[index] ?? ""}"><span>${part}</span></td>`;
  return html`<table role="table"><thead role="rowgroup"><tr role="row">${columns.map((column) => html`<th role="columnheader" scope="col">${column}</th>`)}</tr></thead><tbody role="rowgroup">${rows.map((row) => html`<tr role="row">${row.map(cell)}</tr>`)}</tbody></table>`;
}

function list(names: readonly string[]): Html {
  return names.length === 0 ? html`${NONE}` : html`${names.map((name, index) => html`${index === 0 ? "" : ", "}<code>${breakable(name)}</code>`)}`;
}

function time(at: string): Html {
  return html`<time datetime="${at}">${at.slice(0, 19).replace("T", " ")}</time>`;
}
