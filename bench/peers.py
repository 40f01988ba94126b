"""The tools that bench/scale, bench/threads and bench/instructions compare: how each records a Python program."""
import glob
import os
import shutil
import subprocess
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(ROOT, 'build', 'release', 'libpymemflow.so')
HEAPTRACK = '/usr/lib/heaptrack/libheaptrack_preload.so'

# The words go between the interpreter and its script.
Tool = namedtuple('Tool', 'name words environment')


def has_memray(python):
    return subprocess.call([python, '-c', 'import memray'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def has_heaptrack():
    return shutil.which('heaptrack') is not None and os.path.exists(HEAPTRACK)


def recorders(python, folder, libraries=(), peers=True):
    """The tools, bare first. Each writes its record into the folder, under a name that begins with "record".
    heaptrack is its library, which writes to the file itself: its script starts it the same way, with a pipe to a
    program that compresses."""
    record = os.path.join(folder, 'record')
    found = [Tool('bare', (), {})]
    for name, library in [*((path, os.path.abspath(path)) for path in libraries), ('pymemflow', LIBRARY)]:
        found.append(Tool(name, (), {'LD_PRELOAD': library, 'PYMEMFLOW_CAPTURE': record}))
    if peers and has_memray(python):
        found.append(Tool('memray', ('-m', 'memray', 'run', '-q', '-f', '-o', record), {}))
    if peers and has_heaptrack():
        found.append(Tool('heaptrack', (), {'LD_PRELOAD': HEAPTRACK, 'DUMP_HEAPTRACK_OUTPUT': record}))
    return found


def take_record(folder):
    """Removes the record; returns its bytes."""
    size = 0
    for path in glob.glob(os.path.join(folder, 'record*')):
        size += os.path.getsize(path)
        os.remove(path)
    return size


def compile_library(source, target, *options):
    """Compiles a C file of this folder into a library that ctypes or the loader opens."""
    compiler = os.environ.get('CC') or shutil.which('cc') or 'gcc'
    subprocess.check_call([compiler, '-O2', '-shared', '-fPIC', '-pthread', *options, '-o', target,
                           os.path.join(ROOT, 'bench', source), '-ldl'])


def print_row(cells, widths, markdown, is_head=False):
    """A row of a table; a negative width is that of a column that is aligned to the left."""
    if not markdown:
        print('  '.join('%*s' % (width, cell) for width, cell in zip(widths, cells)), flush=True)
        return
    print('| %s |' % ' | '.join(cells), flush=True)
    if is_head:
        print('|' + ''.join('---|' if width < 0 else '---:|' for width in widths), flush=True)
