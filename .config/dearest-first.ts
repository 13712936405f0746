// Files that take long are begun first: whoever is begun last would let the other cores wait for him. Vitest knows how long each took from an earlier run, which a new clone has not seen.
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

const DEAREST = ["scripts/transcripts", "cli/examples", "scripts/walled-transcripts", "faults/", "inside/lock-evaded", "inside/changed-vault", "docs/pages", "stores/machines", "refreshing/", "broker/killed-broker", "logins/login-to-run", "engines/conformance", "sealed/documents", "weight/", "broker/", "inside/made-value", "concurrency/", "agent/agent", "wall/walled-run", "walls/making-of-values", "walls/read-the-key", "deploy/"];

export default class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const index = DEAREST.findIndex((part) => moduleId.includes(`/test/${part}`) || moduleId.includes(`/${part}.test.ts`));
      // Those that share a process are short, and stand behind each other: it is kept for the next one of them.
      return index < 0 ? DEAREST.length + (project.config.isolate ? 0 : 1) : index;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
