"""Writes its process id to a file, and allocates until the file is removed."""
import os
import sys
import time


def allocate():
    return bytearray(77001)


name = sys.argv[1]
with open(name + '.new', 'w') as file:
    file.write(str(os.getpid()))
os.rename(name + '.new', name)
while os.path.exists(name):
    allocate()
    time.sleep(0.01)
