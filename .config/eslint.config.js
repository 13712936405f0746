import tseslint from "typescript-eslint";

const NO_BARRELS = { selector: "ExportAllDeclaration", message: "no barrels: import from the file that defines the thing" };

// A socket whose peer resets it, and to whose "error" nobody listens, fails a run of all tests: see test/support/raw-sockets.ts.
const RAW_SOCKETS = "take raw sockets and their servers from test/support/raw-sockets.ts";
const HANDED_SOCKETS = {
  selector: "CallExpression[callee.property.name=/^(on|once)$/][arguments.0.value=/^(connect|upgrade)$/] > :function[params.length>1]:not(:has(CallExpression[callee.name='survive']))",
  message: "HTTP listens to no error of the socket any more: survive() of test/support/raw-sockets.ts does",
};

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "bin/**", ".config/**", "bench/**", "**/*.js", "**/*.mjs", "**/*.cjs"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: new URL("..", import.meta.url).pathname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-syntax": ["error", NO_BARRELS],
    },
  },
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "no-restricted-syntax": ["error", NO_BARRELS, HANDED_SOCKETS],
      "no-restricted-imports": ["error", {
        paths: [
          ...["net", "node:net"].map((name) => ({ name, allowImportNames: ["isIP", "isIPv4", "isIPv6"], allowTypeImports: true, message: RAW_SOCKETS })),
          ...["tls", "node:tls"].map((name) => ({ name, allowImportNames: ["createSecureContext", "rootCertificates"], allowTypeImports: true, message: RAW_SOCKETS })),
        ],
      }],
    },
  },
  { files: ["test/support/raw-sockets.ts"], rules: { "no-restricted-imports": "off" } },
);
