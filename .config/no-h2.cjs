// In the place of undici's HTTP/2 client: the proxy asks for HTTP/1.1 alone (ALPN, and `allowH2: false`).
module.exports = () => {
  throw new Error("HTTP/2 is not spoken here");
};
