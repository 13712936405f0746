"""Runs a program in a domain of Landlock's (Linux 6.7 and newer) in which nobody listens on a port below 1024, whatever powers he has, in whatever namespace: as where AppArmor takes bubblewrap's children their capabilities.

usage: without-low-ports.py PROGRAM ARGS...   ends with 77 where this kernel cannot
"""
import ctypes
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
BIND_TCP, NET_PORT = 1, 2
NO_NEW_PRIVS = 38

if libc.syscall(CREATE_RULESET, None, 0, 1) < 4:
    sys.exit(77)
# struct landlock_ruleset_attr: files, network.
attribute = struct.pack("QQ", 0, BIND_TCP)
ruleset = libc.syscall(CREATE_RULESET, attribute, len(attribute), 0)
for port in [0, *range(1024, 65536)]:
    # struct landlock_net_port_attr
    if libc.syscall(ADD_RULE, ruleset, NET_PORT, struct.pack("QQ", BIND_TCP, port), 0) != 0:
        sys.exit(77)
if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
    sys.exit(77)
os.execvp(sys.argv[1], sys.argv[1:])
