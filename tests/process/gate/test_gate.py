"""pymemflow gate: its limits, what it names, its exit codes, its files; and pymemflow diff."""
import json
import os
import re
import xml.etree.ElementTree

import pytest

import built
import cases
import runs

pytestmark = pytest.mark.known_python
LEAKY = os.path.join(built.ROOT, 'examples', 'leaky')
LEAK, TWIN = os.path.join(LEAKY, 'leak.py'), os.path.join(LEAKY, 'twin.py')
# A site as the gate prints it: relative to the current folder.
PLACE = 'examples/leaky/leak.py:17 make_and_forget'
SUPPRESSION = 'examples/leaky/leak.py:make_and_forget'

CHILDREN = '''
import multiprocessing, sys
sys.path.insert(0, %r)
import leak
if __name__ == '__main__':
    context = multiprocessing.get_context(%r)
    child = context.Process(target=leak.make_and_forget, args=(100, 1000))
    child.start()
    child.join()
'''


class Case(cases.Case):
    def gate(self, *words):
        return self.cli('gate', *words, cwd=built.ROOT, env=self.environment)

    def gate_python(self, *words):
        """The gate on this Python; options of the gate come before '--'."""
        at = words.index('--')
        return self.gate(*words[:at + 1], self.python.path, *words[at + 1:])

    def named(self, done):
        """Returns the sites in their order: bytes, blocks, site."""
        return [(int(size), int(blocks), place) for size, blocks, place in
                re.findall(r'(?m)^ *(\d+) +(\d+) +\d+  (.*)$', done.stderr)]

    def capture(self, script, *words):
        path = self.path('capture.%d' % len(os.listdir(self.folder)))
        run = self.trace(script, *words, output=None, PYMEMFLOW_CAPTURE=path)
        assert (run.status, run.stderr) == (0, '')
        return path


class TestLimits(Case):
    def test_leak_and_its_twin(self):
        done = self.gate_python('--max-leak', '4KiB', '--', LEAK)
        assert done.status == 1, done.stderr
        assert self.named(done)[0] == (10000, 10, PLACE)
        assert 'suppress:  %s\n' % SUPPRESSION in done.stderr
        assert '; --max-leak allows 4096 bytes\n' in done.stderr
        done = self.gate_python('--max-leak', '4KiB', '--', TWIN)
        assert done.status == 0, done.stderr

    def test_of_a_capture(self):
        capture = self.capture(LEAK)
        for limits, status in ((['--max-leak', '4KiB'], 1), (['--max-leak', '64KiB'], 0),
                               (['--max-leak-per-site=9999'], 1),
                               (['--max-leak-per-site=10000'], 0),
                               (['--max-peak=100KB'], 1), (['--max-peak=500MiB'], 0),
                               (['--max-allocations=10'], 1), (['--max-allocations=1000000'], 0),
                               (['--max-leak=1MB', '--max-allocations=10'], 1)):
            done = self.gate(*limits, capture)
            assert (done.status, done.stdout) == (status, ''), (limits, done.stderr)
            if status == 1:
                over = [word for word in limits if word.startswith('--')][-1].split('=')[0]
                assert '; %s allows ' % over in done.stderr

    def test_at_most_ten_sites(self):
        text = ''.join('def f%d():\n    _leaky.leaking(%d)\nf%d()\n' % (i, 2000 + i, i)
                       for i in range(15))
        script = self.write('many.py', 'import _leaky\n' + text)
        done = self.gate_python('--max-leak', '4KiB', '--', script)
        assert done.status == 1
        named = self.named(done)
        assert [size for size, _, _ in named] == list(range(2014, 2004, -1))
        assert re.search(r'(?m)^ +\d+ more sites$', done.stderr)

    def test_in_a_thread_that_is_not_pythons(self):
        done = self.gate_python('--max-leak', '4KiB', '--', built.victim('leaks.py'),
                                self.build.path('leaks'), 'thread')
        assert done.status == 1, done.stderr
        callers = {place.split('(')[0].strip(): (size, blocks)
                   for size, blocks, place in self.named(done)}
        # 3 Things, 4,567 chars, and what the thread itself was to run.
        by_new = sum(size for name, (size, _) in callers.items() if name.startswith('operator new'))
        assert 0 <= by_new - 3 * 123 - 4567 < 50, callers
        size, blocks = callers['strdup']
        # The C library duplicates a name or two of its own.
        assert size - 300 * 33 < 100
        assert 300 <= blocks < 310, blocks

    def test_in_a_child(self):
        for method in ('fork', 'spawn', 'forkserver'):
            script = self.write(method + '.py', CHILDREN % (LEAKY, method))
            done = self.gate_python('--max-leak', '64KiB', '--', script)
            assert done.status == 1, (method, done.stderr)
            assert (100000, 100, PLACE) in self.named(done)
            assert 'pymemflow: FAILED: ' in done.stderr
            assert 'still runs' not in done.stderr
        done = self.gate_python('--max-leak', '64KiB', '--no-children', '--', self.path('spawn.py'))
        assert done.status == 0, done.stderr

    def test_in_a_program_that_was_started(self):
        code = 'import subprocess, sys; subprocess.check_call([sys.executable, %r])' % LEAK
        done = self.gate_python('--max-leak', '4KiB', '--', '-c', code)
        assert done.status == 1
        assert (10000, 10, PLACE) in self.named(done)


class TestSelection(Case):
    def test_patterns(self):
        capture = self.capture(LEAK)
        for option, pattern, status in (
                ('--ignore', 'leak.py', 0), ('--ignore', '*/leak.py', 0),
                ('--ignore', 'make_and_*', 0), ('--ignore', SUPPRESSION, 0),
                ('--ignore', 'make', 1), ('--only', 'make_and_forget', 1),
                ('--only', 'elsewhere', 2), ('--only', 'leak.py:make_and_forget', 1)):
            done = self.gate('--max-leak=4KiB', option, pattern, capture)
            assert done.status == status, (option, pattern, done.stderr)

    def test_suppressions(self):
        file = self.write('known', '# known leaks\n\n%s  # a bug of ours\nnowhere.py:never\n'
                          % SUPPRESSION)
        done = self.gate('--max-leak=4KiB', '--suppressions', file, self.capture(LEAK))
        assert done.status == 0, done.stderr
        assert '10000 bytes in 10 blocks suppressed' in done.stderr
        assert 'the suppression %s:4: nowhere.py:never matched nothing\n' % file in done.stderr
        assert done.stderr.count('matched nothing') == 1

    def test_what_is_set_aside_is_said(self):
        done = self.gate('--max-leak=1MB', self.capture(TWIN))
        assert re.search(r'(?m)^pymemflow: set aside: .*\d+ bytes in \d+ blocks of the '
                         r'interpreter itself', done.stderr)


class TestBaseline(Case):
    def test_what_is_known_passes(self):
        capture, base = self.capture(LEAK), self.path('base.json')
        done = self.gate('--baseline', base, '--update-baseline', capture)
        assert done.status == 0
        assert re.search(r'^pymemflow: wrote \d+ bytes in \d+ blocks at \d+ sites? to %s\n$' % re.escape(base),
                         done.stderr), done.stderr
        assert json.loads(self.read('base.json'))['sites'][SUPPRESSION] == {
            'blocks': 10, 'bytes': 10000}
        done = self.gate('--baseline', base, capture)
        assert done.status == 0, done.stderr

    def test_of_the_version_that_said_places(self):
        entry = {SUPPRESSION: {'blocks': 10, 'bytes': 10000}}
        base = self.write('base.json', json.dumps({'pymemflow-baseline': 1, 'places': entry}))
        done = self.gate('--baseline', base, self.capture(LEAK))
        assert done.status == 0, done.stderr

    def test_more_than_is_known(self):
        capture, base = self.capture(LEAK), self.path('base.json')
        self.gate('--baseline', base, '--update-baseline', capture)
        text = self.read('base.json').replace('10000', '9600')
        self.write('base.json', text)
        done = self.gate('--baseline', base, capture)
        assert done.status == 1
        assert 'leaks 400 bytes' in done.stderr
        assert '(9600 bytes of it in the baseline)' in done.stderr
        assert self.gate('--baseline', base, '--tolerance=5%', capture).status == 0
        assert self.gate('--baseline', base, '--max-leak=400', capture).status == 0
        assert self.gate('--baseline', base, '--max-leak=399', capture).status == 1


class TestStatus(Case):
    def test_of_the_program(self):
        for code, status in (('import sys; sys.exit(7)', 7),
                             ('import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 137)):
            done = self.gate_python('--max-leak', '1MB', '--', '-c', code)
            assert done.status == status
        assert 'was killed or is still running' in done.stderr

    def test_bad_input(self):
        capture = self.capture(TWIN)
        text = self.write('text', 'no capture\n')
        runs.check_error(self.gate(), 'missing')
        runs.check_error(self.gate(capture), 'no limit is given: --max-leak')
        runs.check_error(self.gate('--max-leak=12XB', capture), '--max-leak=12XB', 'not a size')
        runs.check_error(self.gate('--max-leak=-1', capture), '--max-leak=-1', 'not a size')
        runs.check_error(self.gate('--max-allocations=few', capture), '--max-allocations')
        runs.check_error(self.gate('--max-lea=1', capture), '--max-lea')
        runs.check_error(self.gate('--tolerance=5', '--max-leak=1', capture), 'not a percentage')
        runs.check_error(self.gate('--update-baseline', '--max-leak=1', capture), '--baseline')
        runs.check_error(self.gate('--baseline', text, capture), 'text: is not JSON')
        runs.check_error(self.gate('--baseline', self.write('b', '[1]'), capture),
                         'b: is not a baseline')
        runs.check_error(self.gate('--baseline', self.path('none'), capture), 'none: No such file')
        runs.check_error(self.gate('--suppressions', self.path('none'), '--max-leak=1', capture),
                         'none: No such file')
        runs.check_error(self.gate('--max-leak=1', '--', self.path('none')), 'none: No such file')
        runs.check_error(self.gate('--max-leak=1', text), 'text: Permission denied')
        runs.check_error(self.gate('--max-leak=1', 'true'), 'no Python ran')
        with open(capture, 'r+b') as file:
            file.seek(8)
            file.write(b'\xff')
        runs.check_error(self.gate('--max-leak=1', capture), 'newer version')

    def test_unwritable_files(self):
        capture = self.capture(TWIN)
        for option in ('--json', '--junit', '--markdown'):
            done = self.gate('--max-leak=1MB', option, '/no/such/file', capture)
            assert done.status == 2
            assert 'pymemflow: /no/such/file: No such file or directory\n' in done.stderr

    def test_what_is_not_all_there(self):
        for option in ('--ring=64KiB', '--no-flow'):
            path = self.path('part' + option[2])
            self.environment['PYMEMFLOW_CAPTURE'] = path
            self.cli('run', option, '--', self.python.path, TWIN, env=self.environment)
            runs.check_error(self.gate('--max-leak=1', path), 'cannot be known')


class TestFiles(Case):
    @pytest.fixture(autouse=True)
    def leak(self, fixtures):
        self.leak = self.capture(LEAK)

    def test_json(self):
        self.gate('--max-leak=4KiB', '--max-peak=1GB', '--json', self.path('v'), self.leak)
        verdict = json.loads(self.read('v'))
        assert verdict['is_over']
        process, = verdict['processes']
        assert [(finding['limit'], finding['is_over']) for finding in
                process['findings']] == [('--max-leak', True), ('--max-peak', False)]
        leak = process['leaks'][0]
        assert (leak['line'], leak['function'], leak['bytes'], leak['blocks']) == (
            17, 'make_and_forget', 10000, 10)
        assert os.path.samefile(leak['file'], LEAK)

    def test_junit(self):
        self.gate('--max-leak=4KiB', '--max-peak=1GB', '--junit', self.path('j'), self.leak)
        root = xml.etree.ElementTree.fromstring(self.read('j').encode())
        suite, = root
        assert (suite.get('tests'), suite.get('failures')) == ('2', '1')
        leak, peak = suite
        assert (leak.get('name'), peak.get('name')) == ('--max-leak', '--max-peak')
        assert [child.tag for child in leak] == ['failure']
        assert PLACE in leak[0].text
        assert list(peak) == []

    def test_not_judged(self):
        """A record with a gap gives no verdict, in any output, whatever the limit."""
        with open(self.leak, 'r+b') as file:
            # In the middle of a block of events.
            file.seek(os.path.getsize(self.leak) - 2000)
            file.write(b'\xff' * 64)
        outputs = [word for kind in ('json', 'junit', 'markdown')
                   for word in ('--' + kind, self.path(kind))]
        for limit in ('1', '1GB'):
            done = self.gate('--max-leak', limit, '--github', *outputs, self.leak)
            assert done.status == 2, done.stderr
            assert 'not judged, because the record is incomplete (damaged in ' in done.stderr
            assert 'pymemflow: no verdict, 1 process\n' in done.stderr
            assert 'passed' not in done.stderr and 'FAILED' not in done.stderr
            assert done.stdout.startswith('::error title=pymemflow%3A not judged::process '), done.stdout
            verdict = json.loads(self.read('json'))
            assert (verdict['verdict'], verdict['processes'][0]['verdict']) == ('cannot judge', 'cannot judge')
            assert verdict['processes'][0]['damaged_places'] > 0
            suite, = xml.etree.ElementTree.fromstring(self.read('junit').encode())
            assert (suite.get('tests'), suite.get('failures'), suite.get('errors')) == ('1', '0', '1')
            assert [child.tag for child in suite[0]] == ['error']
            assert self.read('markdown').startswith('## Memory: no verdict\n')
        baseline = self.path('baseline')
        done = self.gate('--max-leak=1GB', '--baseline', baseline, '--update-baseline', self.leak)
        assert done.status == 2 and not os.path.exists(baseline)

    def test_killed_process_without_its_windows(self):
        path = self.path('killed')
        self.trace.code('import os\nkept = [bytes(1000)] * 3000\nos.kill(os.getpid(), 9)', output=None,
                        PYMEMFLOW_CAPTURE=path)
        assert self.gate('--max-leak=1GB', path).status == 0
        os.remove(path + '.windows')
        done = self.gate('--max-leak=1GB', path)
        assert done.status == 2 and 'the file of its windows is missing' in done.stderr

    def test_another_process_is_judged(self):
        """A process over a limit fails, although the record of another one is incomplete."""
        damaged = self.capture(TWIN)
        with open(damaged, 'r+b') as file:
            file.seek(os.path.getsize(damaged) - 2000)
            file.write(b'\xff' * 64)
        done = self.gate('--max-leak=4KiB', '--json', '-', damaged, self.leak)
        assert done.status == 1
        verdict = json.loads(done.stdout)
        assert verdict['verdict'] == 'over'
        assert [process['verdict'] for process in verdict['processes']] == ['cannot judge', 'over']

    def test_exit_code_of_the_program(self):
        script = self.write('ends.py', 'raise SystemExit(7)\n')
        done = self.gate_python('--max-leak=1GB', '--json', '-', '--', script)
        verdict = json.loads(done.stdout)
        assert (done.status, verdict['program_exit'], verdict['verdict']) == (7, 7, 'passed')
        self.gate('--max-leak=1GB', '--json', self.path('v'), self.leak)
        assert 'program_exit' not in json.loads(self.read('v'))

    def test_github(self):
        done = self.gate('--max-leak=4KiB', '--github', self.leak)
        lines = done.stdout.splitlines()
        assert lines[0].startswith('::error title=pymemflow --max-leak::'), lines
        assert ('::error file=examples/leaky/leak.py,line=17,title=memory leak::%s leaks '
                '10000 bytes in 10 blocks' % PLACE) in lines

    def test_markdown(self):
        self.gate('--max-leak=4KiB', '--markdown', self.path('m'), self.leak)
        text = self.read('m')
        assert text.startswith('## Memory: over the limits\n')
        assert '| 10000 | 10 | examples/leaky/leak.py:17 make\\_and\\_forget |\n' in text


class TestDiff(Case):
    def diff(self, *words):
        return self.cli('diff', *words, cwd=built.ROOT)

    def test_new_and_gone(self):
        leak, twin = self.capture(LEAK), self.capture(TWIN)
        for old, new, sign, kind in ((twin, leak, '+', 'new'), (leak, twin, '-', 'gone')):
            done = self.diff(old, new)
            assert (done.status, done.stderr) == (0, '')
            assert re.search(r'(?m)^ *\%s10000 +\%s10  %s +.*  %s$'
                             % (sign, sign, kind, re.escape(SUPPRESSION)), done.stdout)
        assert self.diff('--fail-on-growth=1KiB', twin, leak).status == 1
        assert self.diff('--fail-on-growth=1KiB', leak, twin).status == 0
        assert self.diff('--fail-on-growth=1MiB', twin, leak).status == 0

    def test_incomplete_captures_are_not_judged(self):
        twin, damaged = self.capture(TWIN), self.capture(TWIN)
        with open(damaged, 'r+b') as file:
            file.seek(os.path.getsize(damaged) - 2000)
            file.write(b'\xff' * 64)
        for words in ((twin, damaged), (damaged, twin)):
            done = self.diff('--fail-on-growth=1GB', *words)
            assert done.status == 2 and 'not compared' in done.stderr and damaged in done.stderr
            assert self.diff(*words).status == 2

    def test_a_line_that_moved_is_the_same(self):
        text = 'import _leaky\n%sdef make(count):\n    for _ in range(count):\n' \
               '        _leaky.leaking(1000)\nmake(%d)\n'
        script = self.write('moves.py', text % ('', 10))
        old = self.capture(script)
        self.write('moves.py', text % ('\n' * 30, 15))
        new = self.capture(script)
        assert self.diff('--json', self.path('d'), old, new).stdout == ''
        sites = [site for site in json.loads(self.read('d'))['sites']
                 if site['key'].endswith(':make')]
        assert len(sites) == 1
        assert sites[0]['kind'] == 'grown'
        assert sites[0]['after']['bytes'] - sites[0]['before']['bytes'] == 5000

    def test_bad_input(self):
        capture = self.capture(TWIN)
        for words in ((capture,), (capture, self.path('none')), (capture, LEAK),
                      ('--fail-on-growth=x', capture, capture)):
            done = self.diff(*words)
            assert (done.status, done.stdout) == (2, '')
            assert done.stderr.count('\n') == 1, done.stderr
