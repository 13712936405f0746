// One act on one file, as a process of its own: another user, another umask, a limit, or a system call that fails.
import { createFile, readPrivateFile, removeFile, replaceFile } from "../../../src/disk/durable-file.ts";
import { VaultError } from "../../../src/errors.ts";

const [act = "read", path = "", text = "", umask] = process.argv.slice(2);
if (umask !== undefined) process.umask(Number.parseInt(umask, 8));

function run(): string {
  const bytes = Buffer.from(text.length > 0 && /^\d+$/.test(text) ? "x".repeat(Number(text)) : text);
  switch (act) {
    case "replace":
      return replaceFile(path, bytes) ? "done" : "given up";
    case "create":
      createFile(path, bytes);
      return "done";
    case "remove":
      removeFile(path);
      return "done";
    default:
      return `read ${readPrivateFile(path, 1000)?.length ?? "nothing"}`;
  }
}

try {
  console.log(run());
} catch (error) {
  console.log(error instanceof VaultError ? `${error.code}: ${error.message}` : `not a VaultError: ${String(error)}`);
}
