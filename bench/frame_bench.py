"""Runs the benchmarks of frame_bench.cpp inside this Python.

    python3 bench/frame_bench.py                                          bare
    LD_PRELOAD=build/release/libpymemflow.so PYMEMFLOW_FLOW=0 PYMEMFLOW_OUTPUT=/dev/null \\
        python3 bench/frame_bench.py                                      recorded
"""
import ctypes
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(ROOT, 'build', 'release', 'bench', 'frame_bench.so')


def main():
    # With the GIL held, as an extension's code runs.
    library = ctypes.PyDLL(LIBRARY)
    arguments = [argument.encode() for argument in sys.argv]
    return library.run_benchmarks(len(arguments),
                                  (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None))


if __name__ == '__main__':
    sys.exit(main())
