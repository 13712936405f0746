// What is known of a credential that was found, and what is asked about names and values meanwhile.

/** `key`: of a form that everybody knows. `assignment`: by its name and its looks, or by its place. */
export type CredentialKind = "key" | "private-key" | "web-token" | "url-password" | "assignment";

export interface Clue {
  readonly kind: CredentialKind;
  /** From 1. */
  readonly line: number;
  /** What the value seems to be assigned to: to be held against names, and not to be shown. */
  readonly name: string | undefined;
  /** The same where it is a name for sure, and no part of a value with `:` or `=` in it. */
  readonly sureName: string | undefined;
  /** By the form of the key. */
  readonly service: string | undefined;
  /** SHA-256 of the value, base64: to hold it against others, and for nothing that is shown or kept. */
  readonly digest: string;
}

/** What keys of a service begin with. */
export interface KeyForm {
  /** Undefined where several services share the form. */
  readonly service: string | undefined;
  readonly start: string;
  /** Of a whole key, in characters. */
  readonly length: number;
}

export interface Judges {
  readonly forms: readonly KeyForm[];
  /** By a name in capitals and the value, erring towards yes. */
  readonly isCredential: (name: string, value: string) => boolean;
  readonly isSecretName: (name: string) => boolean;
  readonly isRandom: (value: string) => boolean;
  /** Whether it is a placeholder of the vault, which is worth nothing. */
  readonly isPlaceholder: (value: string) => boolean;
}

/** A clue in the making. */
export interface Hit extends Pick<Clue, "kind" | "name" | "service"> {
  readonly start: number;
  /** Where what was written ends. */
  readonly end: number;
  /** What that means, where it is written in another way. */
  readonly value: string;
}
