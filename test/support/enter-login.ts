// Does what a person would who reads the program's output: logs in at the page that it names, or with its code. Reads stdin, and repeats it. Its argument is the file with the provider's root.
import { readFileSync } from "node:fs";
import { FormBrowser } from "./form-browser.ts";

const browser = new FormBrowser(readFileSync(process.argv[2] ?? "", "utf8"));
const who = { login: "ann", password: "x" };
let said = "";
let isDone = false;
for await (const chunk of process.stdin) {
  said += String(chunk);
  process.stdout.write(String(chunk));
  const code = /any machine: (\S+)\n.*code there: (\S+)\n/.exec(said);
  const page = /page in a browser of this machine:\n(\S+)\n/.exec(said);
  if (isDone || (code === null && page === null)) continue;
  isDone = true;
  // Not awaited: the program goes on meanwhile, and ends only when it was read.
  void (code === null ? browser.fill(page?.[1] ?? "", who) : browser.fill(code[1] ?? "", { ...who, user_code: code[2] ?? "" }));
}
