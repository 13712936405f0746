// Files that take long are begun first: whoever is begun last would let the other cores wait for him. Vitest knows how long each took from an earlier run, which a new clone has not seen.
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

const DEAREST = ["scripts/walled-transcripts", "scripts/transcripts", "faults/", "run/clients/node-preload", "weight/", "cli/examples", "inside/changed-vault", "inside/lock-evaded", "broker/killed-broker", "refreshing/"];

export default class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = DEAREST.findIndex((part) => moduleId.includes(`/test/${part}`) || moduleId.includes(`/${part}.test.ts`));
      return index < 0 ? DEAREST.length : index;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
