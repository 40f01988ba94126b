"""Forks ten children, each of which allocates, and goes on allocating in the parent."""
import os
import sys

import leak

leak.before()
children = []
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        leak.child()
        os._exit(int(sys.argv[1]))
    children.append(pid)
for pid in children:
    print(pid, os.waitpid(pid, 0)[1] >> 8)
leak.after()
