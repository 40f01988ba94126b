"""Closes the descriptors that it does not know in every possible way, and allocates in between: fault
39. With `past-us`, prints the number of bytes that others wrote into the files that it then opened."""
import ctypes
import os
import sys

import cMemLeak


def allocate(first):
    for size in range(first, first + 100):
        cMemLeak.free(cMemLeak.malloc(size))


allocate(77000)
for descriptor in os.listdir('/proc/self/fd'):
    if int(descriptor) > 2:
        try:
            os.close(int(descriptor))
        except OSError:
            pass
os.closerange(3, 1 << 20)
libc = ctypes.CDLL(None)
if hasattr(libc, 'close_range'):
    libc.close_range(3, ctypes.c_uint(-1), 0)
allocate(30000)
if sys.argv[1:] == ['past-us']:
    for descriptor in range(3, 1 << 16):
        libc.syscall(3, descriptor)
    new = [os.open('own%d' % number, os.O_RDWR | os.O_CREAT) for number in range(50)]
    allocate(60000)
    print(sum(os.fstat(file).st_size for file in new))
