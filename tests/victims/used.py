"""For victims: returns the resident memory and the disk space of a file, in KiB."""
import os


def used(file):
    with open('/proc/self/status') as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))
    return resident, os.stat(file).st_blocks // 2 if os.path.exists(file) else 0
