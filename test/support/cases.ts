/** How many cases of chance a property is tried with: fewer in each run of the tests than in the soak. */
export function cases(each: number, soak: number): number {
  return process.env["VAULT_SOAK"] === undefined ? each : soak;
}
