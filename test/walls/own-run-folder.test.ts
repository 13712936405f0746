// The run's own folder is there, since the program's certificates are in it. It would be a place to write what the run reads, or what a later program trusts.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("its own run's folder can be read, and not written", async (wall) => {
  const { said } = await wall.run('folder=$(dirname "$SSL_CERT_FILE"); test -r "$SSL_CERT_FILE" && echo readable; echo x >>"$SSL_CERT_FILE" || echo refused; echo x >"$folder/new" || echo refused; chmod 777 "$folder" || echo refused; mv "$SSL_CERT_FILE" "$SSL_CERT_FILE.old" || echo refused');
  expect(said).toMatch(/^readable$/m);
  expect(said.match(/^refused$/gm)).toHaveLength(4);
});
