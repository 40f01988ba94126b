"""Does what leak.py does, and gives everything back.

    pymemflow gate --max-leak 4KiB -- python3 examples/leaky/twin.py
"""
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
for _preset in ('release', 'ci', 'dev'):
    sys.path.append(os.path.join(_HERE, '..', '..', 'build', _preset, 'examples'))

import _leaky  # noqa: E402


def make_and_give_back(count, size):
    for _ in range(count):
        _leaky.clean(size)


if __name__ == '__main__':
    make_and_give_back(10, 1000)
