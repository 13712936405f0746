// Of the gallery of attacks on a proxy (test/attacks), those that `.ci/broker` does not play with a broker in between: most are attacks on the machine that has the vault, by a program that runs there. Where the run is on another machine, that program is not there.

export interface Unplayed {
  /** Why it is another attack there, or none. */
  readonly why: string;
  /** Files below test/broker, each with the beginnings of the names of tests there. None where nothing is left of the attack. */
  readonly instead: readonly (readonly [file: string, ...names: string[]])[];
}

const RUN_MACHINE = "gallery/run-machine.test.ts";

export const UNPLAYED: Readonly<Record<string, Unplayed>> = {
  // About the machine of the run, as it is without a broker.
  "inherited-switches.test.ts": { why: "the variables are those of the run's machine", instead: [[RUN_MACHINE, "what was inherited to lead past the proxy", "variables that switch checks off"]] },
  "inspector-signal.test.ts": { why: "the process of the run has an identity's key, and no value", instead: [[RUN_MACHINE, "a signal to the run opens no debugger"]] },
  "past-the-proxy.test.ts": { why: "past the proxy there is as little to send: placeholders", instead: [["no-value-here.test.ts", "holds no value while and after the program uses it"], ["brokered-run.test.ts", "goes behind a wall as well"]] },
  "reflected-value.test.ts": { why: "what comes back is looked through at the broker, before it is on the way", instead: [["no-value-here.test.ts", "holds no value while and after the program uses it"]] },
  "inside/kept-placeholder.test.ts": { why: "placeholders are kept on the run's machine, and given anew by the broker", instead: [[RUN_MACHINE, "a placeholder of a secret that this session was not given"]] },
  "inside/memory-dump.test.ts": { why: "the process of the run has an identity's key, and no value", instead: [[RUN_MACHINE, "a signal to the run opens no debugger"]] },
  "inside/parents-environment.test.ts": { why: "what stands in the environment of the run's process is an identity's key at most", instead: [[RUN_MACHINE, "an identity's key that came by a variable"]] },
  "inside/refusal-teaches.test.ts": { why: "what a refusal says comes from the broker", instead: [[RUN_MACHINE, "a refusal tells the program no command"]] },
  "inside/roots-by-environment.test.ts": { why: "whom hosts are verified by is the broker's to say; the run's machine verifies the broker", instead: [[RUN_MACHINE, "variables that switch checks off"], ["broker-tls.test.ts", "is nobody's without it"]] },
  "inside/typed-commands.test.ts": { why: "the vault is elsewhere; a vault of the run's own machine is not, nor is the identity", instead: [[RUN_MACHINE, "what a person could type is refused", "whoever takes the identity's key"]] },
  "inside/terminal-replies.test.ts": { why: "--ask-here does not go with --broker: the questions are asked at the broker", instead: [["asked-at-broker.test.ts", "a request of a run at a broker waits for the broker's owner"]] },
  // About what is at the broker alone.
  "inside/approve-itself.test.ts": { why: "the agent that counts and asks is at the broker, where the program is not", instead: [["asked-at-broker.test.ts", "a request of a run at a broker waits for the broker's owner"], [RUN_MACHINE, "what a person could type is refused"]] },
  "inside/changed-vault.test.ts": { why: "the vault's folder is the broker's; what its owner changes there counts for sessions that are open", instead: [["ruled-run.test.ts", "the vault's rules hold for a run on another machine"], ["several-brokers.test.ts", "a secret that is taken away"], ["broker-on-store.test.ts", "hears what another machine changes"]] },
  "inside/cut-log.test.ts": { why: "the log is the broker's, and the run ends there when it is killed here", instead: [["brokered-run.test.ts", "stands in the vault's audit log"], ["broker-ends.test.ts", "that is killed leaves no connection behind"]] },
  "inside/guessed-value.test.ts": { why: "it is said when a secret is stored; --redact, by which it is shown, needs values", instead: [["brokered-run.test.ts", "says what a machine without values cannot do"]] },
  "inside/oracle-by-redact.test.ts": { why: "--redact needs values", instead: [["brokered-run.test.ts", "says what a machine without values cannot do"]] },
  "inside/lock-evaded.test.ts": { why: "whom a lock has to find is the broker, of which the program knows neither process nor socket", instead: [["broker-ends.test.ts", "loses its connections when the vault is locked"], ["several-brokers.test.ts", "vault lock on one machine ends the sessions"]] },
  "inside/made-value.test.ts": { why: "the command runs at the broker", instead: [[RUN_MACHINE, "a value that a command makes is made at the broker"]] },
  "inside/minted-value.test.ts": { why: "the key that mints is at the broker", instead: [["minted-at-broker.test.ts", "mints there, and the program has the file"]] },
  "inside/refresh-token.test.ts": { why: "the login is refreshed at the broker, by its agent", instead: [[RUN_MACHINE, "a value that a command makes is made at the broker"]] },
  "inside/own-services.test.ts": { why: "services are files in the vault's folder", instead: [] },
  "inside/removed-anchor.test.ts": { why: "vault, anchor and log are the broker's", instead: [] },
  "forged-login.test.ts": { why: "who logs in does so where the vault is", instead: [] },
  "mixed-up-login.test.ts": { why: "who logs in does so where the vault is", instead: [] },
  // About no wire at all.
  "rules/paths-at-real-servers.test.ts": { why: "the reading of a path is compared with servers', and not sent through a proxy; the other tricks with paths are played", instead: [] },
};
