import { fileURLToPath } from "node:url";

/** The Node that runs the program under test: this one, unless CI tries another line. */
export const NODE = process.env["VAULT_TEST_NODE"] ?? process.execPath;

/** The program as it is shipped. */
export const RUN_JS = fileURLToPath(new URL("../../bin/run.js", import.meta.url));
