// What the shell does in the outer namespace, before it becomes the inner bubblewrap: text, and the descriptors that it speaks of.
import { PERL_LISTENER } from "./perl-listener.ts";

/**
 * The descriptors of the outer bubblewrap beside the standard three. One digit each: dash knows no more.
 * `listeners` is Node's own channel, by which sockets are handed over; `errors` is the program's stderr, kept aside while bubblewrap's own words go to `signs`.
 * `filter` is what the program's start waits for: bubblewrap reads it when all mounts stand, and starts nothing without a whole one. So a vault that has ended has let nothing start.
 * `guard` is told the first process of the program's space, and then that this one is bound to vault's life. Where vault ends between, that process is killed.
 */
export const DESCRIPTORS = { signs: 3, words: 4, filter: 5, status: 6, listeners: 7, errors: 8, guard: 9 } as const;

/** The shell in the namespace says this when it has begun: from here on there is a wall to be built. */
export const ALIVE = "alive";
/** Addresses of the Internet lead nowhere: there is no program to set a route with. Names, which have addresses of loopback, work all the same. */
export const NO_ROUTE = "no-route";
/** Signals that the wall's own processes pass over cannot be given their usual effects back, so the program may not be started. */
export const NO_RESET = "no-reset";

/** Said when bubblewrap has told its version, in a line before this one, if at all. */
export const VERSIONED = "versioned";

/** Vault says this when it begins to write the words. */
export const START = "start";

/** What bubblewrap's two monitors pass over: Ctrl-C is the program's, and so is what is sent to us. The group gets them all. */
const PASSED_OVER = "HUP INT QUIT TERM USR1 USR2";

/**
 * bubblewrap binds a process to its parent's life just before it starts the program, and one whose parent has ended by then would stay.
 * Before that, the guard has time: it asks bubblewrap for its version, while the wall is being made.
 */
const GUARD = `{ "$1" --version </dev/null; echo ${VERSIONED}; exec >/dev/null; read -r first && { read -r bound || kill -KILL "$first"; }; } <&${DESCRIPTORS.guard} >&${DESCRIPTORS.signs} 2>/dev/null ${DESCRIPTORS.signs}>&- ${DESCRIPTORS.words}<&- ${DESCRIPTORS.filter}<&- ${DESCRIPTORS.status}>&- ${DESCRIPTORS.listeners}>&- ${DESCRIPTORS.guard}<&- &`;

/** Before bubblewrap waits for its arguments: where those end early, because vault has ended, it would go on with what it has. */
const AWAIT_START = `read -r said <&${DESCRIPTORS.signs} && [ "$said" = ${START} ] || exit 125`;

/** For `sh -c SCRIPT sh BWRAP …`: becomes the outer bubblewrap. @param isAlone whether there is no other one. */
export const formatOuterScript = (isAlone: boolean): string => `trap '' ${PASSED_OVER}; ${GUARD} ${isAlone ? `${AWAIT_START};` : ""} exec "$@" ${DESCRIPTORS.errors}>&2 2>&${DESCRIPTORS.signs} ${DESCRIPTORS.guard}<&-`;

/** Puts back what `trap ''` took away, and becomes the program. */
const PERL_RESET = `$SIG{$_} = "DEFAULT" for qw(${PASSED_OVER}); exec { $ARGV[0] } @ARGV; exit($!{ENOENT} ? 127 : 126)`;
/** Node itself passes over two more. A shell looks for the program: execve does not. No quotes of the shell's may stand in this. */
const NODE_RESET = `for (const s of ${JSON.stringify([...PASSED_OVER.split(" "), "PIPE", "XFSZ"].map((name) => `SIG${name}`))}) { const f = () => {}; process.on(s, f); process.off(s, f); } process.execve("/bin/sh", ["sh", "-c", "exec \\"$0\\" \\"$@\\"", ...process.argv.slice(1)], process.env)`;

/** Of what the shell has open, a process that listens gets its channel alone, and one that sets the routes before that where to say so. With `$perl` or without, see perl-listener.ts. */
const SERVE = `serve() { exec "$@" </dev/null >/dev/null 2>&1 ${DESCRIPTORS.words}<&- ${DESCRIPTORS.filter}<&- ${DESCRIPTORS.status}>&-; }
listen() { if [ -n "$perl" ] && [ -n "$sendmsg" ]; then serve "$perl" -e '${PERL_LISTENER}' "$sendmsg" "$node" "$listener" "$@"; else serve "$node" "$listener"; fi; }`;

/**
 * Puts before the words of the program what gives it its signals back, named by its whole path: the program's own PATH may be any.
 * An `=` in the program's name would be a variable to `env`, so that a shell stands between.
 */
const RESET = `case $1 in *=*) set -- /bin/sh -c 'exec "$0" "$@"' "$@";; esac
if [ -n "$env" ] && "$env" --default-signal >/dev/null 2>&1; then set -- "$env" --default-signal "$@"
elif [ -n "$perl" ]; then set -- "$perl" -e '${PERL_RESET}' -- "$@"
elif "$node" -e 'process.exit(process.execve ? 0 : 1)'; then set -- "$node" -e '${NODE_RESET}' -- "$@"
else echo ${NO_RESET} >&${DESCRIPTORS.signs}; exit 125; fi`;

/**
 * For `sh -c SCRIPT sh BWRAP NODE LISTENER NUMBER PERL ENV COMMAND ARGS…`, as root of a namespace that has no network but its own loopback: sets routes by which every address leads to this namespace,
 * starts the process that listens there (in perl where NUMBER is one, see perl-listener.ts), and becomes the inner bubblewrap, which waits for its own arguments. PERL and ENV are paths, or empty.
 */
export const INNER_SCRIPT = `
exec 2>&${DESCRIPTORS.errors} ${DESCRIPTORS.errors}>&-
echo ${ALIVE} >&${DESCRIPTORS.signs}
bwrap=$1 node=$2 listener=$3 sendmsg=$4 perl=$5 env=$6; shift 6
${SERVE}
if [ -n "$perl" ] && [ -n "$sendmsg" ]; then listen ${DESCRIPTORS.signs} ${NO_ROUTE} &
else
{ ip addr add 127.0.0.2/8 dev lo; ip route add local default dev lo && ip -6 route add local default dev lo; } 2>/dev/null || echo ${NO_ROUTE} >&${DESCRIPTORS.signs}
listen ${DESCRIPTORS.signs}>&- &
fi
exec ${DESCRIPTORS.listeners}>&-
${RESET}
${AWAIT_START}
exec ${DESCRIPTORS.signs}>&-
exec "$bwrap" --args ${DESCRIPTORS.words} -- "$@"
`;

/** Vault says this when all listeners are its own, and the process that made them has ended: the program may start. */
export const GO = "go";
/** Behind it a number: a variable of the program's as NAME=VALUE, so that nothing in its environment moves the shell and the process that listens. */
export const ASIDE = "vault_wall_aside_";

/**
 * For `sh -c SCRIPT sh NODE LISTENER NUMBER PERL ENV COMMAND ARGS…`, where there is one bubblewrap only: in the program's own space, before the program. Listens, waits until vault has the sockets, and becomes the program.
 */
export const RELAY_SCRIPT = `
exec 2>&${DESCRIPTORS.errors} ${DESCRIPTORS.errors}>&-
node=$1 listener=$2 sendmsg=$3 perl=$4 env=$5; shift 5
${SERVE}
(NODE_CHANNEL_FD=${DESCRIPTORS.listeners}; export NODE_CHANNEL_FD; listen ${DESCRIPTORS.signs}>&-)
exec ${DESCRIPTORS.listeners}>&-
read -r said <&${DESCRIPTORS.signs} && [ "$said" = ${GO} ] || exit 125
${RESET}
exec ${DESCRIPTORS.signs}>&-
unset PATH
vault_wall_at=0
while eval "[ -n \\"\\\${${ASIDE}$vault_wall_at}\\" ]"; do
eval "export \\"\\$${ASIDE}$vault_wall_at\\"; unset ${ASIDE}$vault_wall_at"
vault_wall_at=$((vault_wall_at + 1))
done
exec "$@"
`;
