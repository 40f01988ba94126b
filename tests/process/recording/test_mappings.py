"""Mappings: what programs and libraries obtain by mmap() instead of malloc()."""
import json
import os
import re

import pytest

import built
import cases

pytestmark = [pytest.mark.stable_abi, pytest.mark.known_python]
PAGE = 4096
SCRIPT = 'system/maps.py'


class Case(cases.Case):
    def profile(self, script, *arguments, **options):
        """(the run, its profile)"""
        run = self.trace(script, *arguments, output='output.%p',
                         PYMEMFLOW_FORMAT='json', **options)
        assert (run.status, run.stderr) == (0, ''), run.stderr
        return run, json.loads(run.texts['output.%d' % run.pid])

    def code(self, text, **options):
        return self.profile(self.write('program.py', text), **options)


def mapped(profile, script=os.path.basename(SCRIPT)):
    """{line: pages that are live, by what they are mapped for} of a script."""
    found = {}
    for site in profile['mappings']['sites']:
        if os.path.basename(site.get('file', '')) == script and site['owner'] == 'library':
            assert site['bytes'] <= site['peak_bytes'] <= site['mapped_bytes']
            found[site['line'], site['use']] = site['bytes'] // PAGE
    return found


class TestHooks(Case):
    def test_change_nothing(self):
        """The calls return the same and set the same errno without the library."""
        alone = self.trace(SCRIPT, 'all', preload=False)
        assert (alone.status, alone.stderr) == (0, '')
        assert len(alone.stdout.splitlines()) > 20
        for options in ({}, {'PYMEMFLOW_MAPPINGS': '0'}, {'PYMEMFLOW_FLOW': '0'},
                        {'PYMEMFLOW_START': 'manual'}, {'PYMEMFLOW_STACK': 'python'}):
            run = self.trace(SCRIPT, 'all', **options)
            assert (run.status, run.stderr, run.stdout) == (0, '', alone.stdout), options


class TestRanges(Case):
    def line(self, comment, use='memory'):
        return built.line_of(SCRIPT, '# ' + comment + '\n'), use

    def test_parts(self):
        _, profile = self.profile(SCRIPT, 'parts')
        site, = [each for each in profile['mappings']['sites'] if each.get('function') == 'get']
        # One line makes all calls: it has what all of them left.
        assert site['bytes'] == (4 + 2 + 6 + 7) * PAGE
        assert mapped(profile) == {(site['line'], 'memory'): 19}

    def test_callers_tell_calls_apart(self):
        _, profile = self.profile(SCRIPT, 'parts', PYMEMFLOW_STACK='python')
        site, = [each for each in profile['mappings']['sites'] if each.get('function') == 'get']
        assert [frame['function'] for frame in site['stack']][-1] == '<module>'

    def test_moves(self):
        _, profile = self.profile(SCRIPT, 'moves')
        pages = mapped(profile)
        # All that was moved was released in the end, what replaced it too.
        assert sum(pages.values()) == 7
        moved, = [site for site in profile['mappings']['sites'] if site.get('function') == 'move']
        assert (moved['bytes'], moved['calls']) == (0, 3)
        assert moved['peak_bytes'] == 50 * PAGE

    def test_kinds(self):
        _, profile = self.profile(SCRIPT, 'kinds')
        pages = mapped(profile)
        line = pages.get
        assert profile['mappings']['reserved']['bytes'] == ((1 << 20) - 2) * PAGE
        assert profile['mappings']['stacks']['bytes'] == 16 * PAGE
        length = os.path.getsize(built.victim(SCRIPT))
        assert line(self.line('of a file', 'files')) == (length + PAGE - 1) // PAGE
        assert line(self.line('resized')) == 11
        assert line(self.line('before it grew')) == 0
        assert line(self.line('shared')) == 9


class TestArenas(Case):
    CODE = '''
import sys
def build():
    return [{'key %d' % i: i} for i in range(60000)]
kept = build()
del kept[::2]
sys._debugmallocstats()
'''

    def test_are_those_that_python_counts(self):
        run = self.trace(self.write('program.py', self.CODE), output='output.%p',
                         PYMEMFLOW_FORMAT='json')
        assert run.status == 0
        profile = json.loads(run.texts['output.%d' % run.pid])

        def counted(name):
            return int(re.search(name + r' *= *([\d,]+)', run.stderr).group(1).replace(',', ''))

        arenas = profile['mappings']['arenas']
        size, = set(map(int, re.findall(r'\d+ arenas \* (\d+) bytes/arena', run.stderr)))
        assert arenas['calls'] == counted('# arenas allocated total')
        assert arenas['peak_bytes'] == counted('# arenas highwater mark') * size
        assert arenas['mapped_bytes'] == arenas['calls'] * size
        sites = [site for site in profile['mappings']['sites'] if site['owner'] == 'arenas']
        assert sum(site['mapped_bytes'] for site in sites) == arenas['mapped_bytes']
        most = max(sites, key=lambda site: site['mapped_bytes'])
        assert most['line'] == 4 and os.path.basename(most['file']) == 'program.py'
        assert most['library'] == "Python's arenas"

    def test_are_in_the_summary(self):
        run = self.trace(self.write('program.py', self.CODE.replace('sys._debugmallocstats()',
                                                                          'import os; os._exit(0)')),
                         output='output.%p', PYMEMFLOW_FORMAT='summary')
        assert (run.status, run.stderr) == (0, '')
        text = run.texts['output.%d' % run.pid]
        assert re.search(r"(?m)^  Python's arenas: +\d+ bytes \(.*\), at most \d+ bytes", text)
        assert re.search(r"(?m)^ +\d+ +\d+ +\d+  Python's arenas -> program\.py:4 ", text)

    def test_are_not_there_without_pymalloc(self):
        _, profile = self.code('kept = [{i: i} for i in range(60000)]', PYTHONMALLOC='malloc')
        assert profile['mappings']['arenas']['calls'] == 0


class TestApart(Case):
    CODE = '''
import mmap
kept = mmap.mmap(-1, 300 << 20)
large = bytearray(200 << 20)
'''

    def test_blocks_that_malloc_maps_are_blocks_alone(self):
        """The C library's own calls of mmap() do not come to the hook."""
        _, profile = self.code(self.CODE)
        assert profile['mappings']['memory']['bytes'] >> 20 < 310
        assert profile['live']['bytes'] >> 20 < 10  # the bytearray was freed at the end
        assert 200 <= profile['peak']['bytes'] >> 20 < 210

    def test_never_in_flow_lines_nor_in_sums(self):
        compat = [{'PYMEMFLOW_COMPAT': 'dtrace'}] if self.python.can_be_probed else []
        for options in [{}, {'PYMEMFLOW_FLOW': '0'}] + compat:
            run = self.trace(self.write('program.py', self.CODE), output='output.%p', **options)
            assert (run.status, run.stderr) == (0, '')
            text = run.texts['output.%d' % run.pid]
            assert len(text) > 1000
            assert 'map(' not in text

    def test_they_are_a_part_of_the_peak(self):
        for limit, status in (('250MiB', 1), ('600MiB', 0)):
            done = self.cli('gate', '--max-leak=1MiB', '--max-peak=' + limit, '--', self.python.path,
                            self.write('program.py', self.CODE), env=self.environment)
            assert done.status == status, done.stdout + done.stderr
            if status == 1:
                assert re.search(r'held up to 5\d{8} bytes: 2\d{8} bytes in \d+ blocks, .*3\d{8} bytes mapped by '
                                 r'libraries, at event \d+ in program\.py:4 <module>; --max-peak', done.stderr)

    def test_not_recorded(self):
        _, profile = self.code(self.CODE, PYMEMFLOW_MAPPINGS='0')
        assert profile['mappings'] is None


class TestC(Case):
    """Calls in C that hooks must be careful with: tests/victims/system/maps.c."""

    def pages_of(self, call, **options):
        """(the result of the call, {use: pages} at the end, the calls that mapped)"""
        run, profile = self.code(('import ctypes, os\nmaps = ctypes.CDLL(%r)\nprint(maps.%s, flush=True)\n'
                                  'os._exit(0)\n') % (self.build.path('maps'), call), **options)
        assert profile['record']['lost'] == profile['record']['damaged'] == 0
        sites = [site for site in profile['mappings']['sites'] if site['library'] == 'maps.so']
        return int(run.stdout), sum(site['bytes'] for site in sites) // PAGE, sum(site['calls'] for site in sites)

    @pytest.mark.parametrize('stack', ['top', 'python', 'native'])
    def test_signal_handlers(self, stack):
        handled, pages, calls = self.pages_of('map_in_handlers(400)', PYMEMFLOW_STACK=stack)
        assert handled >= 400 and pages == 0
        assert calls > handled and calls % 2 == handled % 2

    def test_children_of_vfork(self):
        assert self.pages_of('map_in_children(50)') == (0, 100, 50)

    def test_ends_of_threads(self):
        _, pages, calls = self.pages_of('map_at_ends(100)')
        assert (pages, calls) == (500, 200)


class TestProcesses(Case):
    def test_a_forked_child_has_its_own(self):
        run, profile = self.code('''
import mmap, os, sys
parents = mmap.mmap(-1, 40 << 12)
def in_child():
    return mmap.mmap(-1, 30 << 12)
child = os.fork()
if child == 0:
    kept = in_child()
    parents.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(child, flush=True)
os._exit(0)
''')
        assert mapped(profile, 'program.py') == {(3, 'memory'): 40}
        of_child = json.loads(run.texts['output.%d' % int(run.stdout)])
        assert mapped(of_child, 'program.py') == {(5, 'memory'): 30}
        assert of_child['mappings']['unknown_releases'] >= 1

    def test_threads(self):
        """Threads take each other's ranges over: munmap() of one, mmap() of another at once."""
        _, profile = self.code('''
import mmap, os, threading
kept = []
def work(number):
    for i in range(300):
        mine = mmap.mmap(-1, (1 + (i + number) % 9) << 12)
        if i % 100 == 7:
            kept.append(mine)
        else:
            mine.close()
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for each in threads: each.start()
for each in threads: each.join()
os._exit(0)
''')
        pages = sum(1 + (i + number) % 9 for number in range(8) for i in range(300) if i % 100 == 7)
        assert mapped(profile, 'program.py') == {(6, 'memory'): pages}
        site, = [each for each in profile['mappings']['sites'] if each.get('function') == 'work']
        assert site['calls'] == 2400

    def test_marks_and_kept_captures(self):
        path = self.path('capture')
        run = self.trace(SCRIPT, 'moves', output=None, PYMEMFLOW_CAPTURE=path)
        assert (run.status, run.stderr) == (0, '')
        done = self.cli('report', '--format=json', path)
        assert done.status == 0, done.stderr
        assert sum(mapped(json.loads(done.stdout)).values()) == 7
        summary = self.cli('report', '--format=summary', path).stdout
        assert re.search(r'(?m)^ +28672 +\d+ +\d+  \S+ -> maps\.py:\d+ get$', summary), summary
