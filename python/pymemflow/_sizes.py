"""Reads sizes that people write, and writes counts that people read.

Standard library only. Any thread.
"""

import re
from typing import Union

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TIB": 1 << 40,
}


def parse_size(size: Union[int, str]) -> int:
    """Returns the number of bytes that 4096, "4096", "64KiB" or "1.5 MB" stands for.

    KB is 1000 bytes, KiB is 1024; upper and lower case are the same. A fraction needs a unit. Raises
    ValueError for anything else.
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = re.match(r"^(\d+(?:\.\d+)?) ?([A-Za-z]*)$", size) if isinstance(size, str) else None
    unit = _UNITS.get(match.group(2).upper(), 0) if match else 0
    number = match.group(1) if match else ""
    count = int(float(number) * unit) if match else 0
    # A fraction needs a unit, and a size that is not 0 is at least a byte.
    if not unit or (unit == 1 and "." in number) or (count == 0 and float(number) != 0):
        raise ValueError("%r is not a size such as 4096, '64KiB' or '1.5MB'" % (size,))
    return count


def counted(count: int, noun: str) -> str:
    """Returns "1 block", "2 blocks"."""
    return "%d %s%s" % (count, noun, "" if count == 1 else "s")
