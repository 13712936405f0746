#!/usr/bin/env node
// CommonJS, as bin/package.json says: Node's loader for ECMAScript modules takes some 15 ms to start.
require("../dist/start.cjs").start(process.argv.slice(2));
