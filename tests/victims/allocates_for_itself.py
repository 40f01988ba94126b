"""Allocates, and calls an extension that has its own allocator, from several threads."""
import ctypes
import os
import threading

import leak

library = ctypes.CDLL(os.environ['PMF_ALLOCATES_FOR_ITSELF'])
leak.before()
wrong = []
threads = [threading.Thread(target=lambda: wrong.append(library.allocate_for_itself(20)))
           for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
leak.after()
print(sum(wrong), len(wrong))
