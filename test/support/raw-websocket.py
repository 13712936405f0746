"""A WebSocket client of the standard library alone: CONNECT, TLS, handshake, one masked frame in two writes, echo, close."""
import base64, hashlib, os, socket, ssl, struct, sys

port, token, host, target, header, ca = sys.argv[1:]
raw = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
raw.sendall(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: {token}\r\n\r\n".encode())
assert raw.recv(4096).startswith(b"HTTP/1.1 200 ")
tls = ssl.create_default_context(cafile=ca).wrap_socket(raw, server_hostname=host.rsplit(":", 1)[0])
key = base64.b64encode(os.urandom(16)).decode()
tls.sendall(
    f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{header}\r\n\r\n".encode()
)
stream = tls.makefile("rb")
assert stream.readline().startswith(b"HTTP/1.1 101 ")
answer = dict(line.decode().strip().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
assert answer["sec-websocket-accept"] == accept.lower() and answer["upgrade"] == "websocket", answer


def frame(opcode, payload):
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) + mask + masked


text = frame(1, b"hello from python")
tls.sendall(text[:5])
tls.sendall(text[5:])
first, length = stream.read(2)
print(stream.read(length).decode())
tls.sendall(frame(8, struct.pack("!H", 1000)))
first, length = stream.read(2)
assert first == 0x88
stream.read(length)
print("end", stream.read())
