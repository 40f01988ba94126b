"""Starts as many threads as it is told to, few at a time, each of which allocates a little, and
prints how many KiB were resident at the most."""
import sys
import threading

import cMemLeak


def work(number):
    cMemLeak.free(cMemLeak.malloc(10000 + number))


def run(count):
    for first in range(0, count, 4):
        threads = [threading.Thread(target=work, args=(first + i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


run(int(sys.argv[1]))
# (What getrusage() says survives an exec: it may be of the process that started this one.)
with open('/proc/self/status') as status:
    print([line.split()[1] for line in status if line.startswith('VmHWM:')][0])
