"""Starts the given number of threads, a few at a time, each of which allocates a little, and prints
the largest resident size in KiB."""
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
