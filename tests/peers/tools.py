"""The tools that the victims are run under: none, this library, and its peers. One class each.

A tool is created for a folder, in which it leaves its record. `command()` returns the words that run a
program under it; `allocations()` returns the contents of the record: a Record, or None if the tool's own
reader cannot read it. Peers run with their most complete options (children, too).
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'support'))
LIBRARY = os.path.join(ROOT, 'build', 'release', 'libpymemflow.so')
COMMAND = os.path.join(ROOT, 'build', 'release', 'pymemflow')

# `sizes`: the number of allocations of each size; `names`: the Python functions that made them by the
# record (empty if the tool does not know Python); `callers`: the number by C function, for allocations of
# which the record keeps no more.
Record = collections.namedtuple('Record', 'sizes names callers')


def reads(*command):
    """Returns the output of a reader; None if it fails or hangs."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=300)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode(errors='replace') if done.returncode == 0 else None


class Tool:
    name = 'alone'
    own_lines = None  # of the program's output: those that the tool itself writes

    def __init__(self, python, folder):
        self.python, self.folder = python, folder

    @classmethod
    def version(cls, python):
        return '' if cls is Tool else None

    def command(self, program):
        return program

    def environment(self, before, after):
        return {'LD_PRELOAD': ':'.join(before + after)} if before or after else {}

    def allocations(self):
        return Record(collections.Counter(), {}, {})

    def without_own_lines(self, text):
        if self.own_lines is None:
            return text
        return ''.join(line for line in text.splitlines(True) if not self.own_lines.match(line))


class Pymemflow(Tool):
    name = 'pymemflow'
    # own_lines is None: lines of ours are messages, which a run need not have. Allocations without
    # Python have no flow lines: the distributions count them.
    CALLER = re.compile(r'^   \S*`(\w+), total bytes = \d+ $')
    ROW = re.compile(r'^ +\d+ \|@* +(\d+) *$')
    LINE = re.compile(r'^ *\d+ +\S.*:\d+ +-> (\S+) (\w+)\(([-x0-9a-f, ]*)\)(?: pntr 0x[0-9a-f]+)?$')

    @classmethod
    def version(cls, python):
        return (reads(COMMAND, '--version') or '').strip() or None

    def environment(self, before, after):
        return {'LD_PRELOAD': ':'.join(before + [LIBRARY] + after),
                'PYMEMFLOW_CAPTURE': os.path.join(self.folder, 'capture.%p')}

    def allocations(self):
        captures = glob.glob(os.path.join(self.folder, 'capture.*'))
        record = Record(collections.Counter(), collections.defaultdict(set), collections.Counter())
        for capture in captures:
            text = reads(COMMAND, 'report', capture)
            if text is None:
                return None
            self.add_lines(record, text)
            self.add_callers(record, text)
        return record if captures else None

    def add_lines(self, record, text):
        for match in filter(None, map(self.LINE.match, text.splitlines())):
            function, call, arguments = match.groups()
            size = self.size_of(call, arguments.split(', '))
            if size is not None:
                record.sizes[size] += 1
                record.names[size].add(function)

    def add_callers(self, record, text):
        caller = None
        for line in text.partition('\ndtrace:::END\n')[2].splitlines():
            heading, row = self.CALLER.match(line), self.ROW.match(line)
            if row and caller:
                record.callers[caller] += int(row.group(1))
            elif not row and line.startswith('   ') and '-- Distribution --' not in line:
                caller = heading and heading.group(1)

    @staticmethod
    def size_of(call, arguments):
        if call.startswith('free'):
            return None
        if call in ('calloc', 'reallocarray'):
            return int(arguments[-1]) * int(arguments[-2])
        return int(arguments[-1])


class Memray(Tool):
    name = 'memray'
    READER = '''
import collections, glob, json, sys
import memray
sizes, names = collections.Counter(), collections.defaultdict(set)
for path in glob.glob(sys.argv[1] + '*'):
    for record in memray.FileReader(path).get_allocation_records():
        if record.allocator in (memray.AllocatorType.FREE, memray.AllocatorType.MUNMAP):
            continue
        sizes[record.size] += 1
        if len(names[record.size]) < 10:
            try:
                stack = record.stack_trace(1)
            except NotImplementedError:
                stack = []
            names[record.size].add(stack[0][0] if stack else '')
print(json.dumps([sizes, {size: list(found) for size, found in names.items()}]))
'''

    @classmethod
    def version(cls, python):
        said = reads(python, '-c', 'import memray; print(memray.__version__)')
        return said and 'memray ' + said.strip()

    def command(self, program):
        if program[0] != self.python:
            return None  # it starts Python programs alone
        return [self.python, '-m', 'memray', 'run', '--quiet', '--follow-fork', '-o',
                os.path.join(self.folder, 'memray.bin')] + program[1:]

    def allocations(self):
        said = reads(self.python, '-c', self.READER, os.path.join(self.folder, 'memray.bin'))
        if said is None:
            return None
        sizes, names = json.loads(said)
        return Record(collections.Counter({int(size): count for size, count in sizes.items()}),
                      {int(size): set(found) for size, found in names.items()}, {})


class Heaptrack(Tool):
    name = 'heaptrack'
    own_lines = re.compile(r'heaptrack output will|.*libheaptrack_preload|starting application|'
                           r'Heaptrack finished|$|  heaptrack --analyze|heaptrack stats:|'
                           r'\t(allocations|leaked allocations|temporary allocations):')

    @classmethod
    def version(cls, python):
        said = reads('heaptrack', '--version')
        return said and said.strip()

    def command(self, program):
        return ['heaptrack', '-o', os.path.join(self.folder, 'heaptrack.%p')] + program

    def allocations(self):
        """Of its interpreted file: "a SIZE TRACE" is a kind of allocation, "+ N" one of the n-th kind."""
        paths = [path for path in glob.glob(os.path.join(self.folder, 'heaptrack.*'))
                 if path.endswith(('.zst', '.gz'))]
        sizes = collections.Counter()
        for path in paths:
            if reads('heaptrack_print', path) is None:
                return None
            text = reads('zstdcat' if path.endswith('.zst') else 'zcat', path)
            kinds = []
            for line in (text or '').splitlines():
                words = line.split()
                if words and words[0] == 'a':
                    kinds.append(int(words[1], 16))
                elif words and words[0] == '+':
                    sizes[kinds[int(words[1], 16)]] += 1
        return Record(sizes, {}, {}) if paths else None


TOOLS = (Pymemflow, Memray, Heaptrack)
