"""The record kept in a file of its own (PYMEMFLOW_CAPTURE), and reported on later by the command:
its contents, its name, and the message if there is nothing to report on."""
import calendar
import os
import re
import stat
import subprocess
import time

import pytest

import built
import cases
import runs

pytestmark = pytest.mark.stable_abi
SIZES = list(range(77000, 77100))
CHILD = list(range(40000, 40100))


class Case(cases.Case):
    def record(self, *arguments, **options):
        """Returns a run that keeps its record, and prints no report unless `output` is given."""
        options.setdefault('output', None)
        options.setdefault('PYMEMFLOW_CAPTURE', self.path('capture'))
        return self.trace(*(arguments or ('records.py',)), **options)

    def report(self, name, *options):
        return self.cli.report(self.path(name), *options)


class TestKept(Case):
    def test_report_is_the_one_at_exit(self):
        run = self.record(output='report.%p')
        assert (run.status, run.stdout, run.stderr) == (4, 'out\n', '')
        assert self.report('capture').text == run.report.text
        assert run.report.sizes('before') == SIZES

    def test_options_are_those_at_exit(self):
        run = self.record(output='report.%p', PYMEMFLOW_FULL_FILE_PATH='1', PYMEMFLOW_FLOW='1')
        assert self.report('capture', '--full-file-path').text == run.report.text
        text = self.cli('report', '--format=distributions', self.path('capture')).stdout
        assert '   leak.py, before, bytes total = %d \n' % sum(SIZES) in text

    def test_nothing_is_printed_then(self):
        run = self.record()
        assert (run.status, run.stdout, run.stderr, run.files) == (4, 'out\n', '', [])
        assert self.report('capture').sizes('before') == SIZES

    def test_output_of_the_command(self):
        self.record()
        text = self.report('capture').text
        done = self.cli('report', self.path('capture'), '--output', 'here.%p', cwd=self.folder)
        assert (done.status, done.stdout, done.stderr) == (0, '', '')
        here = [name for name in os.listdir(self.folder) if name.startswith('here.')]
        assert len(here) == 1
        with open(self.path(here[0])) as file:
            assert file.read() == text

    def test_no_python_no_file(self):
        self.trace.program([self.python.path, '--version'], output=None,
                           PYMEMFLOW_CAPTURE=self.path('capture'))
        assert os.listdir(self.folder) == []


class TestInfo(Case):
    def info(self, name='capture'):
        done = self.cli('info', self.path(name))
        assert (done.status, done.stderr) == (0, '')
        facts = {}
        for line in done.stdout.splitlines():
            facts.setdefault(line[:16].rstrip(), []).append(line[16:])
        return facts

    def test_facts(self):
        before = time.time()
        run = self.record('records.py', "a 'word'", '', PYMEMFLOW_FULL_FILE_PATH='1')
        facts = self.info()
        assert facts['process'] == [str(run.pid)]
        assert facts['command line'] == ["%s %s 'a '\\''word'\\''' ''" % (
            self.python.path, built.victim('records.py'))]
        assert facts['Python'] == [self.python.evaluate('import sys; print(sys.version.split()[0])')]
        host = os.uname()
        assert facts['host'] == [' '.join((host.nodename, host.sysname, host.release,
                                           host.machine))]
        assert sorted(facts['options'][0].split()) == sorted([
            'PYMEMFLOW_CAPTURE=' + self.path('capture'), 'PYMEMFLOW_FULL_FILE_PATH=1'])
        assert facts['holds'] == ['every event']
        started, ended = (calendar.timegm(time.strptime(facts[name][0], '%Y-%m-%d %H:%M:%S UTC'))
                          for name in ('started', 'ended'))
        assert int(before) <= started <= ended <= time.time(), facts

    def test_modules(self):
        self.record()
        ids = dict(module.rsplit(' ', 1) for module in self.info()['module'])
        assert any('libc.so' in path or 'libc-' in path for path in ids), ids
        for path, build_id in ids.items():
            done = subprocess.Popen(['readelf', '-n', path], stdout=subprocess.PIPE)
            notes = done.communicate()[0].decode()
            found = re.search('Build ID: ([0-9a-f]+)', notes)
            assert build_id == (found.group(1) if found else ''), path

    def test_how_it_ended(self):
        for way, end in (('abort', 'not by itself'), ('execv', 'by executing another program')):
            self.record('execs.py' if way == 'execv' else 'ends.py', way,
                        PYMEMFLOW_CAPTURE=self.path(way))
            assert end in self.info(way)['ended'][0]
        children = self.record('forks.py', '9')
        child = children.stdout.split()[0]
        assert self.info('capture.' + child)['process'] == [child + ', forked']
        self.record(PYMEMFLOW_CAPTURE=self.path('ring'), PYMEMFLOW_RING='1MiB')
        assert self.info('ring')['holds'] == ['the last events of each thread']


class TestNames(Case):
    def test_for_the_user_alone(self):
        self.record()
        assert stat.S_IMODE(os.stat(self.path('capture')).st_mode) == 0o600

    def test_process_id(self):
        run = self.record(PYMEMFLOW_CAPTURE=self.path('a%p.%%p'))
        assert os.listdir(self.folder) == ['a%d.%%p' % run.pid]

    def test_relative_to_the_start(self):
        run = self.trace.program([self.python.path, '-c', 'import os; os.chdir("/"); os.fork()'],
                                 output=None, PYMEMFLOW_CAPTURE='capture', PYTHONPATH='')
        assert run.status == 0
        assert len(run.files) == 2, run.files
        assert 'capture' in run.files

    def test_what_is_there_stays(self):
        for number in range(3):
            with open(self.path('capture%d' % number), 'w') as file:
                file.write('mine')
        os.symlink(self.path('capture0'), self.path('link'))
        os.symlink(self.path('nowhere'), self.path('dangling'))
        for name in ('capture1', 'link', 'dangling'):
            run = self.record(PYMEMFLOW_CAPTURE=self.path(name))
            own = '%s.%d' % (name, run.pid)
            assert run.stderr == ('pymemflow: %s already exists and is kept: the record is '
                                  'in %s\n' % (self.path(name), self.path(own)))
            assert self.report(own).sizes('before') == SIZES
        for number in range(3):
            with open(self.path('capture%d' % number)) as file:
                assert file.read() == 'mine'
        assert not os.path.exists(self.path('nowhere'))

    def test_forked_children(self):
        for pattern, name in (('capture', 'capture.%d'), ('%p.capture', '%d.capture')):
            run = self.record('forks.py', '9', PYMEMFLOW_CAPTURE=self.path(pattern))
            assert (run.status, run.stderr) == (0, '')
            children = [int(line.split()[0]) for line in run.stdout.splitlines()]
            assert len(children) == 10
            for pid in children:
                assert self.report(name % pid).sizes('child') == CHILD


class TestLimits(Case):
    def test_limit(self):
        for limit, size, options in (
                ('300KB', 300000, {'PYMEMFLOW_CAPTURE': self.path('capture')}),
                ('0.5MiB', 524288, {})):
            run = self.trace('records_much.py', PYMEMFLOW_CAPTURE_LIMIT=limit, **options)
            assert (run.status, run.stdout) == (4, 'out\n')
            assert run.stderr == ('pymemflow: recording stopped (the record reached its limit '
                                  'of %d bytes): the report covers the events until then\n'
                                  % size)
            sizes = run.report.sizes('allocate')
            assert len(sizes) > 1000
            assert sizes == list(range(1, len(sizes) + 1))
            assert len(sizes) + run.report.lost >= 200000
        assert os.stat(self.path('capture')).st_size <= 300000

    def test_no_size(self):
        for text in ('', 'much', '12XB', '-1', '1.', '1.5.2', '0.5', '0.5B', '99999999999999999999', '3 MB'):
            run = self.record(PYMEMFLOW_CAPTURE_LIMIT=text)
            assert (run.status, run.stdout) == (4, 'out\n')
            assert run.stderr == ('pymemflow: PYMEMFLOW_CAPTURE_LIMIT=%s is not a size (4096, '
                                  '1.5MB, 32MiB); this program runs untraced\n' % text)
            assert os.listdir(self.folder) == []


class TestWrong(Case):
    def test_usage(self):
        self.record()
        capture = self.path('capture')
        runs.check_error(self.cli(), 'no command', 'report')
        runs.check_error(self.cli('repotr', capture), "'repotr'", "did you mean 'report'?")
        runs.check_error(self.cli('report'), 'CAPTURE')
        runs.check_error(self.cli('report', capture, '--nosuch'), '--nosuch')
        runs.check_error(self.cli('report', capture, '--capture=x'), '--capture')
        runs.check_error(self.cli('report', capture, '--flow=maybe'), '--flow=maybe', 'neither')
        runs.check_error(self.cli('report', capture, 'more'), 'more')

    def test_no_capture(self):
        with open(self.path('text'), 'w') as file:
            file.write('a text that is longer than the magic of a capture\n' * 100)
        with open(self.path('empty'), 'w'):
            pass
        runs.check_error(self.cli('report', self.path('absent')), 'absent: No such file')
        runs.check_error(self.cli('report', self.folder), 'is not a file')
        for name in ('text', 'empty'):
            runs.check_error(self.cli('report', self.path(name)), name + ': is not a capture')

    def test_newer_version(self):
        self.record()
        with open(self.path('capture'), 'r+b') as file:
            file.seek(8)
            version = file.read(1)[0]
            file.seek(8)
            file.write(bytes([version + 1]))
        runs.check_error(self.cli('report', self.path('capture')), 'capture: ', 'newer version')

    def test_unwritable_output(self):
        self.record()
        capture = self.path('capture')
        runs.check_error(self.cli('report', capture, '--output=/no/such/file'),
                         '/no/such/file: No such file or directory')
        if os.path.exists('/dev/full'):
            runs.check_error(self.cli('report', capture, '--output=/dev/full'),
                             '/dev/full: No space left on device')

    def test_folder_of_the_capture(self):
        run = self.record(PYMEMFLOW_CAPTURE='/no/such/folder/capture')
        assert (run.status, run.stdout) == (4, 'out\n')
        assert run.stderr == ('pymemflow: PYMEMFLOW_CAPTURE=/no/such/folder/capture: No such '
                              'file or directory; this program runs untraced\n')
