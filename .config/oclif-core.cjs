// The parts of the framework that a command uses. Its index would bring in all that help, and a search for plugins, need.
module.exports = {
  Args: require("@oclif/core/args"),
  Command: require("@oclif/core/command").Command,
  Flags: require("@oclif/core/flags"),
  get Config() {
    return require("@oclif/core/config").Config;
  },
  get Help() {
    return require("@oclif/core/help").Help;
  },
  get run() {
    return require("@oclif/core/run").run;
  },
};
