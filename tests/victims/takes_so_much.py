"""Makes COUNT things of one kind, with one or two events each, and prints the memory in use.

    takes_so_much.py threads|sites|events|names|modules|dead COUNT FILE LIBRARY
"""
import ctypes
import gc
import shutil
import sys
import threading

import cMemLeak
from used import used

kind, count, file, library = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
barrier = threading.Barrier(count + 1)


def stay():
    cMemLeak.malloc(8)
    barrier.wait()
    barrier.wait()


# Every function stays alive. The collector frees dead ones at a time that depends even on the number of
# environment variables, and then the process itself, not the library, differs by megabytes.
kept = []


def run(text):
    kept.append({'allocate': cMemLeak.malloc})
    exec(compile(text, 'so_much.py', 'exec'), kept[-1])


for number in range(count if kind != 'sites' else 0):
    if kind == 'threads':
        threading.Thread(target=stay).start()
    elif kind == 'events':
        cMemLeak.free(cMemLeak.malloc(8))
    elif kind == 'names':
        run('def f{0}{1}():\n    allocate(0)\nf{0}{1}()\n'.format('x' * 10000, number))
    elif kind == 'modules':
        ctypes.CDLL(shutil.copy(library, '%s.%d.so' % (file, number))).end_threads(1)
    elif kind == 'dead':
        exec(compile('allocate(0)\n', 'so_much.py', 'exec'), {'allocate': cMemLeak.malloc})
run('allocate(0)\n' * (count if kind == 'sites' else 1))
wait = barrier.wait if kind == 'threads' else int
wait()
gc.collect()
ctypes.CDLL(None).malloc_trim(0)  # what compile() has freed
print(*used(file))
wait()
