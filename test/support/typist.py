"""Runs a command on a terminal of its own and types the given lines, each once the program has printed something and gone quiet.

usage: typist.py COMMAND LINE...   prints all that the terminal showed; ends with the command's status
"""
import os
import pty
import select
import sys
import time

command, lines = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", command])

shown = b""
fresh = False
quiet_since = time.monotonic()
while True:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
        fresh = True
        quiet_since = time.monotonic()
    elif lines and fresh and time.monotonic() - quiet_since > 0.4:
        os.write(terminal, lines.pop(0).encode() + b"\r")
        fresh = False
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
