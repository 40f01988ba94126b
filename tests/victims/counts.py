"""Allocates forever, from four threads on request, and prints after each 1,000 how many
allocations there have been. The sizes tell which ones: the n-th has n % 50,000 + 1 bytes."""
import os
import sys
import threading

import cMemLeak


def allocate(thread):
    number = 0
    while True:
        for _ in range(1000):
            cMemLeak.free(cMemLeak.malloc(number % 50000 + 1))
            number += 1
        os.write(1, b'%d %d\n' % (thread, number))


threads = [threading.Thread(target=allocate, args=(thread,)) for thread in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
