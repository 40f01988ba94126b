"""Leaks ten blocks of 1,000 bytes, in one function of a C extension.

    pymemflow gate --max-leak 4KiB -- python3 examples/leaky/leak.py
"""
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
for _preset in ('release', 'ci', 'dev'):
    sys.path.append(os.path.join(_HERE, '..', '..', 'build', _preset, 'examples'))

import _leaky  # noqa: E402


def make_and_forget(count, size):
    for _ in range(count):
        _leaky.leaking(size)


if __name__ == '__main__':
    make_and_forget(10, 1000)
