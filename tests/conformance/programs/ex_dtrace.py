"""Four buffers of one kind, made and dropped: the programs that DTrace was recorded with."""
import os
import sys
import time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cMemLeak


def create_cmalloc_list(size):
    l = []
    for i in range(4):
        block = cMemLeak.CMalloc(size)
        print(f'Created CMalloc size={block.size:d} buffer=0x{block.buffer:x}')
        l.append(block)
    while len(l):
        block = l.pop(0)
        print(f'Pop\'d CMalloc size={block.size:d} buffer=0x{block.buffer:x}')
    l.clear()


def create_pyrawmalloc_list(size):
    l = []
    for i in range(4):
        block = cMemLeak.PyRawMalloc(size)
        print(f'Created PyRawMalloc size={block.size:d} buffer=0x{block.buffer:x}')
        l.append(block)
    while len(l):
        block = l.pop(0)
        print(f'Pop\'d PyRawMalloc size={block.size:d} buffer=0x{block.buffer:x}')
    l.clear()


def create_pymalloc_list(size):
    l = []
    for i in range(4):
        block = cMemLeak.PyMalloc(size)
        print(f'Created PyMalloc size={block.size:d} buffer=0x{block.buffer:x}')
        l.append(block)
    while len(l):
        block = l.pop(0)
        print(f'Pop\'d PyMalloc size={block.size:d} buffer=0x{block.buffer:x}')
    l.clear()


def main():
    # Line 51 calls the function, as it did in the program that was recorded under malloc_debug.
    # DTrace is attached while this line waits; with a third argument there is one more such line
    # at the end, so that the symbols of the program can still be looked up then.
    #
    input(f'Waiting to start tracing PID: {os.getpid()} (<cr> to continue):')
    globals()[sys.argv[1]](int(sys.argv[2]))
    if len(sys.argv) > 3:
        print('HOLD', flush=True)
        input('second <cr>:')
    return 0


if __name__ == '__main__':
    sys.exit(main())
