// A relay of bytes: what a blind tunnel costs at least. node relay.js: prints its port.
import { createServer } from "node:http";
import { connect } from "node:net";

const server = createServer().on("connect", (request, socket) => {
  const [host, port] = request.url.split(":");
  const far = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true }, () => {
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    socket.pipe(far).pipe(socket);
  });
  far.on("error", () => socket.destroy());
  socket.on("error", () => far.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
