"""A terminal with a shell's job control, for tests: runs its arguments as the foreground job of a session of its own.

Reads lines: `type <hex>` presses keys, `size <rows> <columns>` makes the terminal as large, `kill <number>` signals the job's first process alone, `continue` continues the job. At their end the job is killed.
Writes lines: `out <hex>` for what the terminal shows, and `stopped <signal>`, `exited <status>`, `signalled <signal>` for the job.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def run_shell(report):
    """The session's leader. Its job gets a process group of its own: a terminal's stop signal does nothing to an orphaned one."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    os.write(report, b"job %d\n" % job)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.write(report, b"stopped %d\n" % os.WSTOPSIG(status))
        elif os.WIFSIGNALED(status):
            os.write(report, b"signalled %d\n" % os.WTERMSIG(status))
            os._exit(0)
        else:
            os.write(report, b"exited %d\n" % os.WEXITSTATUS(status))
            os._exit(0)


def main():
    reports, report = os.pipe()
    shell, terminal = pty.fork()
    if shell == 0:
        run_shell(report)
    os.close(report)
    resize(terminal, 24, 80)
    job = int(os.read(reports, 100).split()[1])
    sources = [0, terminal, reports]
    while reports in sources:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 4096)
            except OSError:  # the last program has closed its side
                data = b""
            if not data and source == 0:
                os.killpg(job, signal.SIGKILL)
            if not data:
                sources.remove(source)
            elif source == terminal:
                print("out", data.hex(), flush=True)
            elif source == reports:
                print(data.decode(), end="", flush=True)
            else:
                for line in data.decode().splitlines():
                    verb, *rest = line.split()
                    if verb == "type":
                        os.write(terminal, bytes.fromhex(rest[0]))
                    elif verb == "size":
                        resize(terminal, *rest)
                    elif verb == "kill":
                        os.kill(job, int(rest[0]))
                    elif verb == "continue":
                        os.killpg(job, signal.SIGCONT)


main()
