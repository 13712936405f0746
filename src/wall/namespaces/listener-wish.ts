// What vault asks of the process that listens within a walled program's network, and what that answers. Each answer may have a socket with it.

export type ListenerWish =
  /** On every address of the namespace. */
  | { readonly kind: "tcp"; readonly port: number }
  /** On 127.0.0.1. */
  | { readonly kind: "udp"; readonly port: number }
  /** A connection to 127.0.0.1 of the namespace. */
  | { readonly kind: "connect"; readonly port: number };

export interface NumberedWish {
  readonly id: number;
  readonly wish: ListenerWish;
}

/** `error`: the system's code for why it has none. A `tcp` port of 0 is one of the system's choosing, and told. */
export interface ListenerAnswer {
  readonly id: number;
  readonly port?: number;
  readonly error?: string;
}

/** Undefined for what is no wish. Both ends are ours: this keeps a mistake from becoming a crash. */
export function findWish(message: unknown): NumberedWish | undefined {
  if (typeof message !== "object" || message === null || !("id" in message) || !("wish" in message)) return undefined;
  const { id, wish } = message;
  if (typeof id !== "number" || typeof wish !== "object" || wish === null || !("kind" in wish) || !("port" in wish)) return undefined;
  const { kind, port } = wish;
  if (typeof port !== "number" || (kind !== "tcp" && kind !== "udp" && kind !== "connect")) return undefined;
  return { id, wish: { kind, port } };
}

export function findAnswer(message: unknown): ListenerAnswer | undefined {
  if (typeof message !== "object" || message === null || !("id" in message) || typeof message.id !== "number") return undefined;
  return {
    id: message.id,
    ...("port" in message && typeof message.port === "number" ? { port: message.port } : {}),
    ...("error" in message && typeof message.error === "string" ? { error: message.error } : {}),
  };
}
