// A Secret Service of the test's own: a D-Bus session and gnome-keyring-daemon, in a home that is thrown away.
import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface SecretService {
  /** For programs that are to find it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends the daemon and starts it again with its keyring locked: nobody is there to answer its prompt. */
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** What the service has for an account, as `secret-tool` shows it; undefined where there is none. */
  find(service: string, account: string): string | undefined;
  /** Deletes an entry behind the program's back. */
  remove(service: string, account: string): void;
  close(): void;
}

/** Whether this machine has what it takes. */
export function hasSecretService(): boolean {
  return ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"].every((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0);
}

export async function openSecretService(): Promise<SecretService> {
  const home = mkdtempSync(join(tmpdir(), "vault-keyring-"));
  const runtime = join(home, "run");
  mkdirSync(runtime, { mode: 0o700 });
  const config = join(home, "bus.conf");
  // A bus that starts nothing by itself: a daemon that the test has ended stays ended.
  writeFileSync(config, `<busconfig><type>session</type><listen>unix:path=${runtime}/bus</listen><auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`);
  const bus = spawn("dbus-daemon", [`--config-file=${config}`, "--nofork", "--nopidfile"], { stdio: "ignore" });
  const variables = { HOME: home, XDG_RUNTIME_DIR: runtime, XDG_DATA_HOME: join(home, "data"), DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus` };
  const env = { PATH: process.env["PATH"], ...variables };
  let daemon: ChildProcess | undefined;

  const start = async (isUnlocked: boolean): Promise<void> => {
    if (daemon !== undefined) {
      const ended = new Promise((resolve) => daemon?.on("close", resolve));
      daemon.kill("SIGKILL");
      await ended;
    }
    daemon = spawn("gnome-keyring-daemon", ["--foreground", "--components=secrets", ...(isUnlocked ? ["--unlock"] : [])], { env, stdio: ["pipe", "ignore", "ignore"] });
    daemon.stdin?.end(isUnlocked ? "keyring password" : "");
    for (let waited = 0; waited < 100; waited += 1) {
      const names = spawnSync("dbus-send", ["--session", "--dest=org.freedesktop.DBus", "--print-reply", "/", "org.freedesktop.DBus.ListNames"], { env, encoding: "utf8" }).stdout;
      if (names.includes("org.freedesktop.secrets")) return;
      await sleep(50);
    }
    throw new Error("gnome-keyring-daemon does not start");
  };
  await start(true);

  return {
    variables,
    lock: () => start(false),
    unlock: () => start(true),
    find: (service, account) => {
      const { status, stdout } = spawnSync("secret-tool", ["lookup", "service", service, "username", account], { env, encoding: "utf8" });
      return status === 0 && stdout !== "" ? stdout.trim() : undefined;
    },
    remove: (service, account) => void spawnSync("secret-tool", ["clear", "service", service, "username", account], { env }),
    close: () => {
      daemon?.kill("SIGKILL");
      bus.kill("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
}
