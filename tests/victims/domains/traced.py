"""Allocates, on lines of their own, beside tracemalloc, and prints what tracemalloc has of each line."""
import sys
import tracemalloc


COUNT = 300
SMALL = [100 + i for i in range(COUNT)]
LARGE = [2000 + i for i in range(COUNT)]
WORDS = ['word %d' % i for i in range(COUNT)]


def keep():
    """Objects for which the interpreter has no free list: it would take some of them from there."""
    kept = [[None] * COUNT for _ in range(4)]
    for i in range(COUNT):
        kept[0][i] = bytes(SMALL[i])  # small
        kept[1][i] = bytes(LARGE[i])  # large
        kept[2][i] = set(WORDS[:i])  # without a size
        kept[3][i] = bytearray(SMALL[i])  # by realloc
    return kept


def before():
    return [bytes(50) for i in range(100)]  # not traced


def after():
    return [bytes(60) for i in range(100)]  # no longer traced


if __name__ == '__main__':
    times = int(sys.argv[1])
    freed = before()
    for _ in range(times):
        tracemalloc.start()
        # Blocks of before are freed while it is running, and when it has stopped.
        freed = before() if _ % 2 else freed
        live = keep()
        for statistic in tracemalloc.take_snapshot().statistics('lineno'):
            frame = statistic.traceback[0]
            if frame.filename == __file__ and _ == times - 1:
                print(frame.lineno, statistic.count, statistic.size)
        tracemalloc.stop()
        more = after()
    print('end')
    sys.stdout.flush()
    import os
    os._exit(0)
