"""Leaks ten blocks of 1,000 bytes per request, and sets a mark before each request and at the end.

    pymemflow gate --max-growth 4KiB -- python3 examples/leaky/server.py
"""
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.join(_HERE, '..', '..')
for _preset in ('release', 'ci', 'dev'):
    sys.path.append(os.path.join(_ROOT, 'build', _preset, 'examples'))
sys.path.append(os.path.join(_ROOT, 'python'))

import _leaky  # noqa: E402
import pymemflow  # noqa: E402


def handle():
    for _ in range(10):
        _leaky.leaking(1000)


if __name__ == '__main__':
    for _ in range(6):
        pymemflow.mark('request')
        handle()
    pymemflow.mark('request')
