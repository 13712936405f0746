import type { Reporter, TestModule } from "vitest/node";

/** Closes a test run with its counts on the last line. Before that it names what was skipped and why, and what passed only when it was tried once more: that is to be looked at. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && [...module.children.allTests()].every((test) => test.result().state !== "failed")) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed" || state === "failed" || state === "skipped") counts[state] += 1;
        if (state === "skipped") console.log(`skipped: ${test.fullName}`);
        if (test.diagnostic()?.flaky === true) console.log(`tried twice: ${module.relativeModuleId} > ${test.fullName}`);
      }
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`);
  }
}
