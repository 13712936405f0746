// The environment behind the wall: without what leads to processes outside it. Pure.

/** Sockets of the session and of other programs. What they lead to is not there, and a program had better not wait for it. */
const LEADS_OUT = new Set(["SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SESSION_MANAGER", "TMUX", "TMUX_PANE", "STY", "DOCKER_HOST", "CONTAINER_HOST", "NODE_CHANNEL_FD", "VSCODE_IPC_HOOK_CLI"]);
const PREFIX = /^DBUS_/;

/** @param runtimeFolder what XDG_RUNTIME_DIR is where there was one: an empty folder behind the wall. */
export function wallEnvironment(variables: Readonly<Record<string, string>>, runtimeFolder: string): Record<string, string> {
  const kept = Object.entries(variables).filter(([name]) => !LEADS_OUT.has(name) && !PREFIX.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, name === "XDG_RUNTIME_DIR" ? runtimeFolder : value]));
}
