"""Runs a command on a terminal of its own and types each answer once its prompt stands there, however long that takes. A prompt is an expression, held against what came since the last answer.

usage: prompted.py COMMAND (PROMPT ANSWER)...   prints all that the terminal showed; ends with the command's status
"""
import os
import pty
import re
import sys

command, words = sys.argv[1], sys.argv[2:]
answers = list(zip(words[::2], words[1::2]))
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", command])

shown = b""
# Behind this, no prompt has been answered.
answered = 0
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    while answers and re.search(answers[0][0].encode(), shown[answered:], re.DOTALL):
        answered = len(shown)
        os.write(terminal, answers.pop(0)[1].encode() + b"\r")
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
