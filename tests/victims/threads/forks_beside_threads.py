"""Forks repeatedly while 8 threads allocate without pause. Prints the number of their blocks, the
number of children that failed, and the longest time until a child ended."""
import ctypes
import os
import sys
import time

storm = ctypes.CDLL(os.environ['PMF_STORM'])
storm.start_churn(8, 0)
failed, longest = 0, 0
for _ in range(int(sys.argv[1])):
    start = time.time()
    child = os.fork()
    if child == 0:
        storm.allocate_in_child()
        os._exit(0)
    failed += os.waitpid(child, 0)[1] != 0
    longest = max(longest, time.time() - start)
storm.stop_threads()
print(ctypes.c_long.in_dll(storm, 'churned').value, failed, longest)
