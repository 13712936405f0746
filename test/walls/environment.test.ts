// The shell that starts the run has more than the program is to have: the passphrase, the place of the vault, other sessions' sockets, a token that is in the vault, and one under another name.
import { expect } from "vitest";
import { story, VALUE } from "../support/escape-stage.ts";

const GIVEN: Readonly<Record<string, string>> = { VAULT_PASSPHRASE: "pass-word-of-mine", VAULT_TOKEN: "hvs.mine", API_KEY: VALUE, MY_TOKEN: VALUE, SSH_AUTH_SOCK: "/tmp/s", DBUS_SESSION_BUS_ADDRESS: "unix:path=/tmp/b", DISPLAY: ":0", WAYLAND_DISPLAY: "w", TMUX: "/tmp/t,1,0", GPG_AGENT_INFO: "/tmp/g:1:1", DOCKER_HOST: "unix:///tmp/d", NODE_CHANNEL_FD: "3", LD_PRELOAD: "" };

story("the environment has placeholders, and nothing that leads outside", async (wall) => {
  for (const [name, value] of Object.entries(GIVEN)) wall.set(name, value);
  wall.set("ORDINARY", "kept as it is");
  const { said } = await wall.run("tr '\\0' '\\n' </proc/1/environ; echo own; env; echo looked");
  expect(said).toContain("ORDINARY=kept as it is\n");
  expect(said).toContain("looked\n");
  expect(said).toMatch(/^API_KEY=\S+$/m);
  expect(said).not.toContain(VALUE);
  expect(said).not.toContain("pass-word-of-mine");
  const gone = Object.keys(GIVEN).filter((name) => !["API_KEY", "MY_TOKEN", "LD_PRELOAD"].includes(name));
  expect(gone.filter((name) => new RegExp(`^${name}=`, "m").test(said.split("own\n")[1] ?? ""))).toEqual([]);
}, ["an ordinary user", "root"], true, true);
