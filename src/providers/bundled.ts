// Every provider that this program brings along: one JSON file each, and no other list of them.
import github from "./github.json" with { type: "json" };
import gitlab from "./gitlab.json" with { type: "json" };
import google from "./google.json" with { type: "json" };

export const BUNDLED: readonly { readonly id: string }[] = [
  github, gitlab, google,
];
