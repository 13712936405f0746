// What the person hears of requests that wait: a line on the run's stderr, and a notice of the desktop's where there is one. Neither is the answer, and neither shows what the program has chosen but method and host.
import { spawn } from "node:child_process";
import { desktopEnvironment } from "../surroundings.ts";
import type { HeldNotice } from "./run-gate.ts";

export interface HeldNotices {
  readonly tell: (notice: HeldNotice) => void;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** A program that sends hundreds must not fill the terminal. */
const PAUSE_MS = 2_000;
const WISH_MAX = 80;

/** @param tellLine gets one line. @param variables of the person's session. */
export function openHeldNotices(tellLine: (line: string) => void, variables: Variables, platform: NodeJS.Platform = process.platform): HeldNotices {
  let more = 0;
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    timer = undefined;
    if (more === 0) return;
    tellLine(`${more} more ${more === 1 ? "request waits" : "requests wait"} for you; in another terminal: vault approve`);
    more = 0;
    pause();
  };
  const pause = (): void => {
    timer = setTimeout(rest, PAUSE_MS);
    timer.unref();
  };
  return {
    tell({ id, request }) {
      if (timer !== undefined) {
        more += 1;
        return;
      }
      const what = `${request.method} ${request.host.replace(/:443$/, "")} with ${request.secrets.join(", ")}`;
      // A wish is the program's words.
      const isWish = request.kind === "wish";
      tellLine(`${isWish ? `a wish for ${request.host.slice(0, WISH_MAX)}` : what} waits for you; in another terminal: vault approve ${id} (or vault deny ${id})`);
      notify(`${isWish ? "a program's wish" : what} waits: vault approve`, variables, platform);
      pause();
    },
  };
}

/** Without an answer: what stands in a desktop's notice anybody could have put there. */
function notify(text: string, variables: Variables, platform: NodeJS.Platform): void {
  const command = findNotifier(text, variables, platform);
  if (command === undefined) return;
  const [program, args] = command;
  const child = spawn(program, args, { stdio: "ignore", detached: true, env: desktopEnvironment() });
  child.on("error", () => undefined);
  child.unref();
}

function findNotifier(text: string, variables: Variables, platform: NodeJS.Platform): readonly [string, readonly string[]] | undefined {
  if (platform === "darwin") return ["osascript", ["-e", "on run argv", "-e", 'display notification (item 1 of argv) with title "vault"', "-e", "end run", text]];
  const hasDesktop = platform === "linux" && (variables["DBUS_SESSION_BUS_ADDRESS"] ?? "") !== "" && ((variables["DISPLAY"] ?? "") !== "" || (variables["WAYLAND_DISPLAY"] ?? "") !== "");
  return hasDesktop ? ["notify-send", ["--app-name=vault", "--", "vault", text]] : undefined;
}
