#!/usr/bin/env node
// CommonJS, as bin/package.json says: Node's loader for ECMAScript modules takes some 15 ms to start. And old enough to be read by the Nodes that it sends away.
var version = process.versions.node.split(".").map(Number);
if (version[0] > 20 || (version[0] === 20 && version[1] >= 19)) {
  require("../dist/start.cjs").start(process.argv.slice(2));
} else {
  console.error("error: vault needs Node 20.19 or newer, and this is " + process.versions.node + "\nhint: install a newer Node; node --version shows which one is found first");
  process.exitCode = process.argv[2] === "run" ? 125 : 1;
}
