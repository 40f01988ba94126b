"""Four buffers from malloc(), freed one by one.

    LD_PRELOAD=build/release/libpymemflow.so python3 examples/cmalloc.py [SIZE]

Look for these lines in the report (process and addresses differ each time):

      4932       cmalloc.py:29   -> create_cmalloc_list malloc(1477) pntr 0x736ed50
      4932       cmalloc.py:29   -> create_cmalloc_list malloc(1477) pntr 0x736f320
      4932       cmalloc.py:29   -> create_cmalloc_list malloc(1477) pntr 0x736f8f0
      4932       cmalloc.py:29   -> create_cmalloc_list malloc(1477) pntr 0x736fec0
      4932       cmalloc.py:33   -> create_cmalloc_list free(0x736ed50)
      4932       cmalloc.py:33   -> create_cmalloc_list free(0x736f320)
      4932       cmalloc.py:33   -> create_cmalloc_list malloc(1) pntr 0x72e2d90
      4932       cmalloc.py:33   -> create_cmalloc_list free(0x736f8f0)
      4932       cmalloc.py:35   -> create_cmalloc_list free(0x72e2d90)

Each block is freed: nothing leaks. The fourth buffer is freed as the function
returns, because `block` still names it. The malloc(1) is the list: when its last item is popped,
Python up to 3.11 keeps a block of no bytes for it.
"""
import sys

from _cmemleak import cMemLeak


def create_cmalloc_list(size):
    blocks = []
    for _ in range(4):
        block = cMemLeak.CMalloc(size)
        print(f'Created CMalloc size={block.size:d} buffer=0x{block.buffer:x}')
        blocks.append(block)
    while blocks:
        block = blocks.pop(0)
        print(f'Pop\'d CMalloc size={block.size:d} buffer=0x{block.buffer:x}')
    blocks.clear()


if __name__ == '__main__':
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1477
    # A stream sets itself up at its first write: here, so that none of it shows in the function.
    sys.stdout.write(f'Four buffers of {size:d} bytes\n')
    create_cmalloc_list(size)
