"""Four buffers from PyMem_Malloc(): the size decides who serves them.

    LD_PRELOAD=build/release/libpymemflow.so python3 examples/pymalloc.py [SIZE]

Look for next to nothing in the report. Up to 512 bytes come out of pymalloc's arenas,
which never pass through malloc(). What is left is the list: when its last item is popped, Python
up to 3.11 keeps a block of no bytes for it.

      4932      pymalloc.py:27   -> create_pymalloc_list malloc(1) pntr 0x15943d90
      4932      pymalloc.py:29   -> create_pymalloc_list free(0x15943d90)

With SIZE 767 the buffers go past pymalloc, and the events are those of cmalloc.py. With
PYTHONMALLOC=malloc_debug every object is a malloc() of its own, 24 bytes longer than asked for.
"""
import sys

from _cmemleak import cMemLeak


def create_pymalloc_list(size):
    blocks = []
    for _ in range(4):
        block = cMemLeak.PyMalloc(size)
        print(f'Created PyMalloc size={block.size:d} buffer=0x{block.buffer:x}')
        blocks.append(block)
    while blocks:
        block = blocks.pop(0)
        print(f'Pop\'d PyMalloc size={block.size:d} buffer=0x{block.buffer:x}')
    blocks.clear()


if __name__ == '__main__':
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    # A stream sets itself up at its first write: here, so that none of it shows in the function.
    sys.stdout.write(f'Four buffers of {size:d} bytes\n')
    create_pymalloc_list(size)
