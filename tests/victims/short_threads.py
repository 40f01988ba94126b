"""Starts as many threads as it is told to, few at a time, each of which allocates a little, and
prints how many KiB were resident at the most."""
import resource
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
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
