"""Four concurrent C threads without the GIL, which free and move each other's blocks."""
import ctypes
import os
import threading

library = ctypes.CDLL(os.environ['PMF_CHANGES_HANDS'])
library.change_hands.argtypes = (ctypes.c_uint, ctypes.c_uint, ctypes.c_size_t)
ready = threading.Barrier(4)


def work(number):
    ready.wait()
    library.change_hands(number, 20000, 50000 + number)


threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library.free_the_rest()
