// The parts of undici that the proxy uses. Its index would bring in a fetch, a cache, a WebSocket and a dispatcher that is put into effect: 60 ms before a run's child is started.
module.exports = { Pool: require("undici/lib/dispatcher/pool.js"), errors: require("undici/lib/core/errors.js") };
