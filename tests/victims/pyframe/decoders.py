"""The lines of a code object by the decoders of Python itself."""
import bisect
import dis
import sys


def lines_by_python(code, count):
    """The line of each of `count` two-byte units by the decoders in the standard library; None: no line."""
    if sys.version_info >= (3, 11):
        return [position[0] for position in code.co_positions()]
    if sys.version_info >= (3, 10):
        lines = [None] * count
        for start, end, line in code.co_lines():
            for unit in range(start // 2, min(end // 2, count)):
                lines[unit] = line
        return lines
    lines = [code.co_firstlineno] * count
    starts = list(dis.findlinestarts(code))
    at = [start for start, _ in starts]
    for unit in range(count):
        index = bisect.bisect_right(at, 2 * unit) - 1
        if index >= 0:
            lines[unit] = starts[index][1]
    return lines
