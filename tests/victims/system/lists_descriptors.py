"""Prints its open descriptors up to its limit, or up to 256 if that is more, since its limit may have
been higher before. A forked child does the same."""
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
