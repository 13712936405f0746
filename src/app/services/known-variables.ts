// Which variables of known services are set here. By their names: what they hold is not looked at.
import { openRegistry } from "./known-services.ts";
import type { Surroundings } from "../surroundings.ts";

export interface KnownVariable {
  readonly name: string;
  readonly service: string;
  readonly hosts: readonly string[];
}

export function findKnownVariables({ paths, variables }: Pick<Surroundings, "paths" | "variables">): KnownVariable[] {
  return openRegistry({ paths }).services.flatMap(({ id, hosts, variables: names }) => names.filter((name) => (variables[name] ?? "") !== "").map((name) => ({ name, service: id, hosts })));
}
