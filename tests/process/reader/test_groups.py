"""Reports whose rows are no places in code: by module, by thread, by type of call."""
import collections
import json
import re

import pytest

import cases
import heads

pytestmark = pytest.mark.known_python
# Each thread and each function of the allocator has sizes of its own.
PROGRAM = heads.HEAD + '''
import json, textwrap, threading
libc = ctypes.CDLL(None)
libc.calloc.restype = ctypes.c_void_p
def worker(size):
    for _ in range(3): malloc(size)
    libc.calloc(7, size)
    free(malloc(size))
threads = [threading.Thread(target=worker, args=(size,)) for size in (70001, 80001)]
for thread in threads: thread.start()
for thread in threads: thread.join()
malloc(90001)
'''


@pytest.mark.parametrize('stack', ['top', 'native'])
class TestGroups(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures, stack):
        self.capture = self.path('capture')
        script = self.write('threads.py', PROGRAM)
        run = self.trace(script, output=None, PYMEMFLOW_CAPTURE=self.capture, PYMEMFLOW_STACK=stack)
        assert (run.status, run.stderr) == (0, ''), run.stderr

    def report(self, *options):
        done = self.cli('report', *options, self.capture)
        assert (done.status, done.stderr) == (0, ''), done
        return done.stdout

    def rows(self, by):
        """The rows of the report, and what they add up to, which must be what lines add up to."""
        profile = json.loads(self.report('--format', 'json', '--by', by))
        lines = json.loads(self.report('--format', 'json'))
        for amount in ('live', 'leaked', 'allocated'):
            for unit in ('bytes', 'blocks'):
                assert sum(row[amount][unit] for row in profile['sites']) == sum(
                    row[amount][unit] for row in lines['sites']), (by, amount, unit)
        names = collections.Counter(row['name'] for row in profile['sites'])
        assert max(names.values()) == 1, names
        return {row['name']: row for row in profile['sites']}

    def test_by_thread(self, stack):
        rows = self.rows('thread')
        large = {name: row['live'] for name, row in rows.items() if row['live']['bytes'] > 400000}
        for size in (70001, 80001):
            own = [name for name, live in large.items() if live['bytes'] // size == 10]
            assert len(own) == 1 and re.fullmatch(r'thread \d+( \(.+\))?', own[0]), (size, large)
            number = re.search(r'\d+', own[0]).group()
            chosen = json.loads(self.report('--format', 'json', '--thread', number))
            assert chosen['selected']['live'] == large[own[0]]

    def test_by_type_of_call(self, stack):
        rows = self.rows('type-of-call')
        assert rows['malloc']['live']['bytes'] >= 3 * 70001 + 3 * 80001 + 90001
        assert rows['calloc']['live']['bytes'] >= 7 * (70001 + 80001)
        assert set(rows) <= {'malloc', 'calloc', 'realloc', 'posix_memalign', 'aligned_alloc', 'memalign'}

    def test_by_module(self, stack):
        rows = self.rows('module')
        assert rows['threads']['file'].endswith('/threads.py')
        assert rows['threads']['live']['bytes'] >= 10 * (70001 + 80001) + 90001
        assert any(name.startswith('importlib._bootstrap') for name in rows), set(rows)
        assert not any(name.endswith('.py') or '/' in name for name in rows), set(rows)

    def test_a_summary_names_the_place_with_most_of_it(self, stack):
        text = self.report('--format', 'summary', '--by', 'module', '--limit', '100')
        assert re.search(r'alive at the end, by module\n', text)
        assert re.search(r' \d+ +\d+ +\d+  threads\n +at threads.py:\d+ worker\n', text), text
        text = self.report('--format', 'summary', '--by', 'thread', '--limit', '1')
        assert re.search(r' \d+ more threads\n', text), text
        if stack == 'top':
            assert re.search(r' +this line: \d+ bytes; \d+ more\n', text), text
        else:
            assert re.search(r' +this stack: \d+ bytes; \d+ more \(--by stack\)\n', text), text
        text = self.report('--format', 'summary', '--by', 'type-of-call', '--limit', '1')
        assert re.search(r' \d+ more types of call\n', text), text

    def test_modules_of_a_path_are_told_apart(self, stack):
        text = self.report('--format', 'summary', '--by', 'module', '--full-file-path', '--limit', '100')
        assert re.search(r'  /.*/threads\.py\n', text), text
