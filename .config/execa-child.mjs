// The part of execa that a run uses: `execa(file, args, options)`. Its index would bring in scripts, templates and synchronous calls.
import { createExeca } from "../node_modules/execa/lib/methods/create.js";

export const execa = createExeca(() => ({}));
