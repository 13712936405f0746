// Whoever is at the other end of a connection that speaks to the proxy: the run's own program, or a stranger for as long as the token was not shown.
import type { Socket } from "node:net";
import type { Refusal } from "../grants/refusal.ts";

export interface Guest {
  readonly socket: Socket;
  /** Whether it is known without a token whose connection this is. */
  readonly isFamiliar: boolean;
  readonly hasToken: () => boolean;
  readonly showToken: () => void;
  /** Of the time that he has for showing it. */
  readonly leftMs: () => number;
  /**
   * A request without any credential, which was refused. Told of where no token follows on the connection: for many clients it is the way to ask for one, and no
   * refusal to tell.
   *
   * @returns the request's id.
   */
  readonly hold: (refusal: Refusal, method: string, request: string) => string;
  /** The connection is over. */
  readonly leave: () => void;
}

export interface GuestOptions {
  readonly isFamiliar: boolean;
  readonly strangerMs: number;
  /** Hears of requests that were refused. */
  readonly tell: (refusal: Refusal, method: string, request: string) => void;
  readonly onToken: () => void;
}

export function receiveGuest(socket: Socket, { isFamiliar, strangerMs, tell, onToken }: GuestOptions): Guest {
  const deadline = performance.now() + strangerMs;
  let hasToken = isFamiliar;
  let held: Parameters<typeof tell> | undefined;
  const leave = (): void => {
    if (held !== undefined) tell(...held);
    held = undefined;
  };
  return {
    socket,
    isFamiliar,
    hasToken: () => hasToken,
    showToken() {
      if (!hasToken) onToken();
      hasToken = true;
      held = undefined;
    },
    leftMs: () => Math.max(0, deadline - performance.now()),
    hold(refusal, method, request) {
      leave();
      held = [refusal, method, request];
      return request;
    },
    leave,
  };
}
