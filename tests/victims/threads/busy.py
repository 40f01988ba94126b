"""Makes the given number of events, in pairs, from two functions. Ends with code 4."""
import sys


def same(count):
    kept = [None] * 100
    for i in range(count):
        kept[i % 100] = bytes(1000)


def growing(count):
    kept = [None] * 100
    for i in range(count):
        kept[i % 100] = bytes(600 + i % 4000)


count = int(sys.argv[1])
for _ in range(10):
    same(count // 40)
    growing(count // 40)
print('out')
sys.stdout.flush()
sys.exit(4)
