// What the proxy knows of the service that a secret is a key of.

/** Where a service takes its keys; `{key}` in a form is the key. The form of `basic` is `user:password` before its base64, that of `path` is how the path begins. */
export type KeySpot =
  | { readonly place: "header"; readonly header: string; readonly form: string }
  | { readonly place: "basic"; readonly form: string }
  | { readonly place: "query"; readonly parameter: string }
  | { readonly place: "path"; readonly form: string };

export interface Pin {
  /** Its id. */
  readonly service: string;
  /** Ids of services that have hosts in common with it, whose keys go out beside its own. */
  readonly sharesHostsWith: readonly string[];
  readonly spots: readonly KeySpot[];
  /** Headers in which it takes the credential of a user of its own beside the key, in lower case. */
  readonly besides?: readonly string[];
}

/** In plain words. */
export function describeSpot(spot: KeySpot): string {
  switch (spot.place) {
    case "header":
      return `in the header ${spot.header} as "${spot.form}"`;
    case "basic":
      return `in a Basic credential as "${spot.form}"`;
    case "query":
      return `in the query as ${spot.parameter}`;
    case "path":
      return `in the path as "${spot.form}"`;
  }
}
