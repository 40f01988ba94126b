"""Forks after allocating at 20,000 sites, more than the child will ever name."""
import os

import cMemLeak


def child():
    for size in range(40000, 40100):
        cMemLeak.free(cMemLeak.malloc(size))


exec(compile('free(malloc(61000))\n' * 10000, 'many.py', 'exec'),
     {'malloc': cMemLeak.malloc, 'free': cMemLeak.free})
process = os.fork()
if process == 0:
    child()
    os._exit(0)
os.waitpid(process, 0)
