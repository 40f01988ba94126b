"""For victims: returns the resident memory and the disk space of a capture, in KiB."""
import os


def used(file):
    with open('/proc/self/status') as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))
    names = [name for name in (file, file + '.windows') if os.path.exists(name)]
    return resident, sum(os.stat(name).st_blocks for name in names) // 2
