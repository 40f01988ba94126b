"""The formats that have each block: heaptrack, dhat and firefox hold the numbers of --format json, to the byte,
and the programs that they are made for read them."""
import json
import os
import re
import shutil
import subprocess

import pytest

import cases
import heads

pytestmark = pytest.mark.known_python
PROGRAM = heads.HEAD + '''
import os
def leak(count):
    for _ in range(count): malloc(70001)
def pass_on(): leak(10)
def short_lived():
    for _ in range(100): free(malloc(50001))
def peak():
    blocks = [malloc(900001) for _ in range(20)]
    for block in blocks: free(block)
def moved():
    realloc = ctypes.CDLL(None).realloc
    realloc.restype, realloc.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_size_t)
    realloc(realloc(malloc(30001), 40001), 60001)
pymemflow.mark('begin')
pass_on(); short_lived(); peak(); moved()
pymemflow.mark('ready')
leak(3)
sys.stdout.flush()
os._exit(0)
'''


class HeaptrackFile:
    """The text that heaptrack_interpret writes: {stack: [bytes allocated, blocks allocated, bytes, blocks live]}
    with a stack as its functions from the innermost one on; and the peak."""

    def __init__(self, text):
        self.strings, self.frames, self.traces, self.pairs = [''], [''], [()], []
        self.stacks, self.peak, live = {}, 0, 0
        self.resident = []
        lines = text.split('\n')
        assert lines[0] == 'v 10400 3' and lines[1].startswith('X ') and lines[2] == 'I 1000 0', lines[:3]
        assert lines.pop() == ''
        for line in lines[3:]:
            kind, numbers = line[0], line[2:].split(' ')
            if kind == 's':
                string = line[2:].split(' ', 1)[1]
                assert len(string.encode()) == int(numbers[0], 16), line
                self.strings.append(string)
                continue
            numbers = [int(number, 16) for number in numbers]
            if kind == 'i':
                self.frames.append(self.strings[numbers[2]])
            elif kind == 't':
                self.traces.append((self.frames[numbers[0]], *self.traces[numbers[1]]))
            elif kind == 'a':
                self.pairs.append((numbers[0], self.traces[numbers[1]]))
            elif kind in '+-':
                size, stack = self.pairs[numbers[0]]
                sums = self.stacks.setdefault(stack, [0, 0, 0, 0])
                sign = 1 if kind == '+' else -1
                sums[2] += sign * size
                sums[3] += sign
                live += sign * size
                if sign == 1:
                    sums[0] += size
                    sums[1] += 1
                self.peak = max(self.peak, live)
            elif kind == 'R':
                self.resident.append(numbers[0] * 4096)
            else:
                assert kind == 'c', line

    def sums(self):
        return tuple(sum(each[i] for each in self.stacks.values()) for i in range(4))


class TestBlockFormats(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')
        script = self.write('blocks.py', PROGRAM)
        done = self.trace(script, output=None, PYMEMFLOW_CAPTURE=self.capture, PYMEMFLOW_STACK='native')
        assert (done.status, done.stderr) == (0, ''), done.stderr

    def report(self, format, *options):
        done = self.cli('report', '--format', format, *options, self.capture)
        assert (done.status, done.stderr) == (0, ''), done
        return done.stdout

    def profile(self, *options):
        """Of --format json: bytes and blocks allocated, and live, and the bytes of the high-water mark."""
        profile = json.loads(self.report('json', *options))
        sums = profile.get('selected', profile)
        return tuple(sums[amount][unit] for amount in ('allocated', 'live') for unit in ('bytes', 'blocks')), \
            profile['peak']['bytes']

    def test_heaptrack(self):
        file = HeaptrackFile(self.report('heaptrack'))
        sums, peak = self.profile()
        assert (file.sums(), file.peak) == (sums, peak)
        leaks = {stack: each for stack, each in file.stacks.items() if each[2:] == [700010, 10]}
        assert len(leaks) == 1, leaks
        stack, = leaks
        assert [name for name in stack if name in ('leak', 'pass_on', '<module>')] == ['leak', 'pass_on', '<module>']
        assert file.resident, 'no reading of the resident memory'

    def test_dhat(self):
        document = json.loads(self.report('dhat'))
        points = document['pps']
        sums, peak = self.profile()
        assert tuple(sum(point[name] for point in points) for name in ('tb', 'tbk', 'eb', 'ebk')) == sums
        assert sum(point['gb'] for point in points) == peak
        assert (document['dhatFileVersion'], document['mode'], document['bklt']) == (2, 'rust-heap', True)
        short, = [point for point in points if (point['tb'], point['tbk']) == (5000100, 100)]
        # Each block was freed by the call after its own.
        assert (short['tl'], short['mb'], short['mbk'], short['gb'], short['eb']) == (100, 50001, 1, 0, 0)
        leak, = [point for point in points if (point['eb'], point['ebk']) == (700010, 10)]
        names = [document['ftbl'][number] for number in leak['fs']]
        own = [name.split(' ', 1)[1] for name in names if name.startswith('blocks.py:')]
        assert own == ['leak', 'pass_on', '<module>'], names
        # Blocks that are live at the end have lived until then.
        assert 10 * (document['te'] - document['tg']) < leak['tl'] < 10 * document['te']
        top, = [point for point in points if (point['tb'], point['tbk']) == (18000020, 20)]
        assert (top['gb'], top['gbk'], top['mb'], top['eb']) == (18000020, 20, 18000020, 0)

    def test_firefox(self):
        document = json.loads(self.report('firefox'))
        thread, = document['threads']
        rows = thread['nativeAllocations']
        for name in ('time', 'weight', 'stack', 'memoryAddress', 'threadId'):
            assert len(rows[name]) == rows['length'], name
        sums, peak = self.profile()
        weights = rows['weight']
        live = {}
        now = most = 0
        for weight, address in zip(weights, rows['memoryAddress']):
            now += weight
            most = max(most, now)
            if weight >= 0:
                live[address] = weight
            else:
                assert live.pop(address) == -weight
        assert (sum(live.values()), len(live), most) == (sums[2], sums[3], peak)
        assert sum(weight for weight in weights if weight > 0) == sums[0]
        assert rows['time'] == sorted(rows['time'])
        assert document['meta']['preprocessedProfileVersion'] == 48
        assert self.names(thread, rows['stack'][weights.index(70001)]) == ['leak', 'pass_on', '<module>']

    def names(self, thread, stack):
        """The Python functions of the program on a stack, from the innermost one on."""
        names = []
        while stack is not None:
            function = thread['frameTable']['func'][thread['stackTable']['frame'][stack]]
            file = thread['funcTable']['fileName'][function]
            if file is not None and thread['stringArray'][file].endswith('/blocks.py'):
                names.append(thread['stringArray'][thread['funcTable']['name'][function]])
            stack = thread['stackTable']['prefix'][stack]
        return names

    @pytest.mark.parametrize('options', [('--only', 'leak'), ('--ignore', 'short_lived'), ('--min-size', '50000'),
                                         ('--from', 'begin', '--to', 'ready'), ('--leaked',)])
    def test_selections_are_those_of_the_profile(self, options):
        sums, _ = self.profile(*options)
        if options == ('--leaked',):
            # The blocks that are leaked, and nothing else.
            leaked = json.loads(self.report('json'))
            live = [sum(site['leaked'][unit] for site in leaked['sites']) for unit in ('bytes', 'blocks')]
            sums = (*live, *live)
        assert sums[1] > 0
        assert HeaptrackFile(self.report('heaptrack', *options)).sums() == sums
        points = json.loads(self.report('dhat', *options))['pps']
        assert tuple(sum(point[name] for point in points) for name in ('tb', 'tbk', 'eb', 'ebk')) == sums
        thread, = json.loads(self.report('firefox', *options))['threads']
        weights = thread['nativeAllocations']['weight']
        assert (sum(weight for weight in weights if weight > 0), sum(weights)) == (sums[0], sums[2])

    def test_heaptrack_print(self):
        if shutil.which('heaptrack_print') is None:
            pytest.skip('no heaptrack_print')
        file = self.path('c.heaptrack')
        assert self.cli('report', '--format', 'heaptrack', '-o', file, self.capture).status == 0
        flames = {}
        for kind in ('allocations', 'leaked', 'peak'):
            done = subprocess.run(['heaptrack_print', '-t', '0', '--disable-builtin-suppressions', '-F',
                                   self.path(kind), '--flamegraph-cost-type', kind, file],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=True)
            flames[kind] = sum(int(line.rsplit(' ', 1)[1]) for line in self.read(kind).splitlines())
        sums, peak = self.profile()
        assert flames == {'allocations': sums[1], 'leaked': sums[2], 'peak': peak}
        assert re.search(r'(?m)^calls to allocation functions: %d ' % sums[1], done.stdout), done.stdout[-600:]

    def test_profiler_cli(self):
        words = os.environ.get('PROFILER_CLI', 'profiler-cli').split()
        if shutil.which(words[0]) is None:
            pytest.skip('no profiler-cli (npm package @firefox-devtools/profiler-cli; its command in $PROFILER_CLI)')
        file = self.path('c.firefox.json')
        assert self.cli('report', '--format', 'firefox', '-o', file, self.capture).status == 0
        session = '--session', 'pymemflow-%d' % os.getpid()

        def ask(*arguments):
            done = subprocess.run([*words, *arguments, *session], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  universal_newlines=True, timeout=120)
            assert done.returncode == 0, done.stdout
            return done.stdout
        ask('load', file)
        try:
            sums, _ = self.profile()
            for strategy, expected in (('native-retained-allocations', sums[2]), ('native-allocations', sums[0]),
                                       ('native-deallocations-memory', sums[0] - sums[2])):
                answer = ask('thread', 'samples', '--strategy', strategy, '--json')
                assert json.loads(answer)['categoryBreakdown']['totalSamples'] == expected, strategy
        finally:
            ask('stop')

    def test_refusals(self):
        top = self.path('top')
        done = self.trace(self.path('blocks.py'), output=None, PYMEMFLOW_CAPTURE=top, PYMEMFLOW_STACK='top')
        assert done.status == 0
        for format in ('heaptrack', 'dhat', 'firefox'):
            done = self.cli('report', '--format', format, top)
            assert (done.status, done.stdout) == (2, ''), format
            assert 'has no callers: record it with --stack python' in done.stderr
            done = self.cli('report', '--format', format, '--metric', 'peak', self.capture)
            assert done.status == 2 and '--metric' in done.stderr, done.stderr
            done = self.cli('run', '--ring', '1M', '--format', format, '--', 'true')
            assert done.status == 2 and 'needs every event' in done.stderr, done.stderr

    def test_names_out_of_the_program(self):
        hostile = '<script>\\n";é\\x7f'
        self.write('hostile.py', 'kept = []\nexec(compile("def f(): kept.append(bytes(70000))", "%s", "exec"))\n'
                   'f()\nimport os\nos._exit(0)\n' % hostile.replace('"', '\\"'))
        self.capture = self.path('hostile')
        done = self.trace(self.path('hostile.py'), output=None, PYMEMFLOW_CAPTURE=self.capture,
                          PYMEMFLOW_STACK='native')
        assert done.status == 0, done.stderr
        file = HeaptrackFile(self.report('heaptrack'))
        assert any('<script>\\n";é\\x7f' in string for string in file.strings), file.strings
        for format in ('dhat', 'firefox'):
            json.loads(self.report(format))


class TestManyBlocks(cases.Case):
    def test_firefox_shows_a_part(self):
        capture = self.path('capture')
        program = heads.HEAD + '''
import os
def many():
    for _ in range(700000): free(malloc(1000))
def kept():
    for _ in range(100000): malloc(2000)
many(); kept()
os._exit(0)
'''
        done = self.trace.code(program, output=None, PYMEMFLOW_CAPTURE=capture, PYMEMFLOW_STACK='python')
        assert (done.status, done.stderr) == (0, ''), done.stderr
        document = json.loads(self.cli('report', '--format', 'firefox', capture).stdout)
        thread, = document['threads']
        weights = thread['nativeAllocations']['weight']
        share = int(re.search(r'1 of (\d+) blocks', thread['name']).group(1))
        assert share in (2, 4) and 1000000 / 4 < len(weights) <= 1000000, (share, len(weights))
        said, = document['meta']['extra'][0]['entries']
        assert said['value'] == '1 of %d, chosen by chance; each stands for %d' % (share, share)
        # 100,000 blocks by chance, 1 of 4: one in a thousand such sums is off by 1.2 percent.
        assert sum(weights) == pytest.approx(200 * 10**6, rel=0.05)
        assert sum(weight for weight in weights if weight > 0) == pytest.approx(900 * 10**6, rel=0.05)
        assert set(map(abs, weights)) >= {1000 * share, 2000 * share}
