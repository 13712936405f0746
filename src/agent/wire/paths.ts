/** Where one agent is to be reached. The first three belong to one user alone. */
export interface AgentPaths {
  /** Holds the token, the start lock and, except on Windows, the socket. */
  readonly folder: string;
  /** A path of at most 100 bytes, or the name of a pipe on Windows. */
  readonly socket: string;
  /** 32 random bytes that whoever may talk to the agent can read (see `handshake.ts`). */
  readonly token: string;
  /** The folder of the vault whose key it holds: `lock` finds it by that, whatever has become of the others. */
  readonly realm: string;
  /** The folder of what this machine remembers of that vault: its log and its anchor. */
  readonly state: string;
}
