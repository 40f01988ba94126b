"""Prints each descriptor that it may have and that is open, and those up to 256, which it may have had
under another limit; so does a forked child."""
import os


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


child = os.fork()
found = filter(is_open, range(max(256, os.sysconf('SC_OPEN_MAX'))))
os.write(1, (' '.join(map(str, found)) + '\n').encode())
if child != 0:
    os.waitpid(child, 0)
