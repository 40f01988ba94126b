"""The record kept in a file of its own (PYMEMFLOW_CAPTURE), and reported on later by the command:
what it holds, which name it gets, and what is said where there is none to report on."""
import calendar
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

import command
import traced

SIZES = list(range(77000, 77100))
CHILD = list(range(40000, 40100))


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def record(self, *arguments, **options):
        """A run whose record is kept; without a report, unless `output` is given."""
        options.setdefault('output', None)
        options.setdefault('PYMEMFLOW_CAPTURE', self.path('capture'))
        return traced.run(*(arguments or ('records.py',)), **options)

    def report(self, name, *options):
        done = command.call('report', self.path(name), *options)
        self.assertEqual((done.status, done.stderr), (0, ''))
        return traced.Report(done.stdout)


class Kept(Case):
    def test_report_is_the_one_at_exit(self):
        run = self.record(output='report.%p')
        self.assertEqual((run.status, run.stdout, run.stderr), (4, 'out\n', ''))
        self.assertEqual(self.report('capture').text, run.report.text)
        self.assertEqual(run.report.sizes('before'), SIZES)

    def test_options_are_those_at_exit(self):
        run = self.record(output='report.%p', PYMEMFLOW_FULL_FILE_PATH='1', PYMEMFLOW_FLOW='1')
        for option in (['--full-file-path'], ['--full-file-path=1'], ['--full-file-path', 'yes']):
            self.assertEqual(self.report('capture', *option).text, run.report.text)
        report = self.report('capture', '--flow=0')
        self.assertEqual(report.lines, [])
        self.assertIn('   leak.py, before, bytes total = %d \n' % sum(SIZES), report.distributions)

    def test_nothing_is_printed_then(self):
        run = self.record()
        self.assertEqual((run.status, run.stdout, run.stderr, run.files), (4, 'out\n', '', []))
        self.assertEqual(self.report('capture').sizes('before'), SIZES)

    def test_output_of_the_command(self):
        self.record()
        text = self.report('capture').text
        done = command.call('report', self.path('capture'), '--output', 'here.%p', cwd=self.folder)
        self.assertEqual((done.status, done.stdout, done.stderr), (0, '', ''))
        here = [name for name in os.listdir(self.folder) if name.startswith('here.')]
        self.assertEqual(len(here), 1)
        with open(self.path(here[0])) as file:
            self.assertEqual(file.read(), text)

    def test_no_python_no_file(self):
        traced.Run([sys.executable, '--version'], output=None, PYMEMFLOW_CAPTURE=self.path('capture'))
        self.assertEqual(os.listdir(self.folder), [])


class Info(Case):
    def info(self, name='capture'):
        done = command.call('info', self.path(name))
        self.assertEqual((done.status, done.stderr), (0, ''))
        facts = {}
        for line in done.stdout.splitlines():
            facts.setdefault(line[:16].rstrip(), []).append(line[16:])
        return facts

    def test_facts(self):
        before = time.time()
        run = self.record('records.py', "a 'word'", '', PYMEMFLOW_FULL_FILE_PATH='1')
        facts = self.info()
        self.assertEqual(facts['process'], [str(run.pid)])
        self.assertEqual(facts['command line'], ["%s %s 'a '\\''word'\\''' ''" % (
            sys.executable, os.path.join(traced.VICTIMS, 'records.py'))])
        self.assertEqual(facts['Python'], [sys.version.split()[0]])
        host = os.uname()
        self.assertEqual(facts['host'], [' '.join((host.nodename, host.sysname, host.release,
                                                   host.machine))])
        self.assertEqual(sorted(facts['options'][0].split()), sorted([
            'PYMEMFLOW_CAPTURE=' + self.path('capture'), 'PYMEMFLOW_FULL_FILE_PATH=1']))
        self.assertEqual(facts['holds'], ['every event'])
        started, ended = (calendar.timegm(time.strptime(facts[name][0], '%Y-%m-%d %H:%M:%S UTC'))
                          for name in ('started', 'ended'))
        self.assertTrue(int(before) <= started <= ended <= time.time(), facts)

    def test_modules(self):
        self.record()
        ids = dict(module.rsplit(' ', 1) for module in self.info()['module'])
        self.assertTrue(any('libc.so' in path or 'libc-' in path for path in ids), ids)
        for path, build_id in ids.items():
            done = subprocess.Popen(['readelf', '-n', path], stdout=subprocess.PIPE)
            notes = done.communicate()[0].decode()
            found = re.search('Build ID: ([0-9a-f]+)', notes)
            self.assertEqual(build_id, found.group(1) if found else '', path)

    def test_how_it_ended(self):
        for way, end in (('abort', 'not by itself'), ('execv', 'by becoming another program')):
            self.record('execs.py' if way == 'execv' else 'ends.py', way,
                        PYMEMFLOW_CAPTURE=self.path(way))
            self.assertIn(end, self.info(way)['ended'][0])
        children = self.record('forks.py', '9')
        child = children.stdout.split()[0]
        self.assertEqual(self.info('capture.' + child)['process'], [child + ', forked'])
        self.record(PYMEMFLOW_CAPTURE=self.path('ring'), PYMEMFLOW_RING='1MiB')
        self.assertEqual(self.info('ring')['holds'], ['the last events of each thread'])


class Names(Case):
    def test_for_the_user_alone(self):
        self.record()
        self.assertEqual(stat.S_IMODE(os.stat(self.path('capture')).st_mode), 0o600)

    def test_process_id(self):
        run = self.record(PYMEMFLOW_CAPTURE=self.path('a%p.%%p'))
        self.assertEqual(os.listdir(self.folder), ['a%d.%%p' % run.pid])

    def test_relative_to_the_start(self):
        run = traced.Run([sys.executable, '-c', 'import os; os.chdir("/"); os.fork()'],
                         output=None, PYMEMFLOW_CAPTURE='capture', PYTHONPATH='')
        self.assertEqual(run.status, 0)
        self.assertEqual(len(run.files), 2, run.files)
        self.assertIn('capture', run.files)

    def test_what_is_there_stays(self):
        for number in range(3):
            with open(self.path('capture%d' % number), 'w') as file:
                file.write('mine')
        os.symlink(self.path('capture0'), self.path('link'))
        os.symlink(self.path('nowhere'), self.path('dangling'))
        for name in ('capture1', 'link', 'dangling'):
            run = self.record(PYMEMFLOW_CAPTURE=self.path(name))
            own = '%s.%d' % (name, run.pid)
            self.assertEqual(run.stderr, 'pymemflow: %s is there already, and stays: the record is '
                             'in %s\n' % (self.path(name), self.path(own)))
            self.assertEqual(self.report(own).sizes('before'), SIZES)
        for number in range(3):
            with open(self.path('capture%d' % number)) as file:
                self.assertEqual(file.read(), 'mine')
        self.assertFalse(os.path.exists(self.path('nowhere')))

    def test_forked_children(self):
        for pattern, name in (('capture', 'capture.%d'), ('%p.capture', '%d.capture')):
            run = self.record('forks.py', '9', PYMEMFLOW_CAPTURE=self.path(pattern))
            self.assertEqual((run.status, run.stderr), (0, ''))
            children = [int(line.split()[0]) for line in run.stdout.splitlines()]
            self.assertEqual(len(children), 10)
            for pid in children:
                self.assertEqual(self.report(name % pid).sizes('child'), CHILD)


class Limits(Case):
    def test_limit(self):
        for limit, size, options in (
                ('300KB', 300000, {'PYMEMFLOW_CAPTURE': self.path('capture')}),
                ('0.5MiB', 524288, {})):
            run = traced.run('records_much.py', PYMEMFLOW_CAPTURE_LIMIT=limit, **options)
            self.assertEqual((run.status, run.stdout), (4, 'out\n'))
            self.assertEqual(run.stderr, 'pymemflow: the record could not grow (it reached its '
                             'limit of %d bytes): the report covers what was recorded until then\n'
                             % size)
            self.assertEqual(run.report.torn, [])
            sizes = run.report.sizes('allocate')
            self.assertGreater(len(sizes), 1000)
            self.assertEqual(sizes, list(range(1, len(sizes) + 1)))
            self.assertGreaterEqual(len(sizes) + run.report.lost, 200000)
        self.assertLessEqual(os.stat(self.path('capture')).st_size, 300000)

    def test_no_size(self):
        for text in ('', 'much', '12XB', '-1', '1.', '1.5.2', '99999999999999999999', '3 MB'):
            run = self.record(PYMEMFLOW_CAPTURE_LIMIT=text)
            self.assertEqual((run.status, run.stdout), (4, 'out\n'))
            self.assertEqual(run.stderr, 'pymemflow: PYMEMFLOW_CAPTURE_LIMIT=%s is not a size (4096, '
                             '1.5MB, 32MiB); this program runs untraced\n' % text)
            self.assertEqual(os.listdir(self.folder), [])


class Wrong(Case):
    def test_usage(self):
        self.record()
        capture = self.path('capture')
        command.check_line(self, command.call(), 'verb', 'report')
        command.check_line(self, command.call('repotr', capture), "'repotr'", 'report')
        command.check_line(self, command.call('report'), 'CAPTURE')
        command.check_line(self, command.call('report', capture, '--nosuch'), '--nosuch')
        command.check_line(self, command.call('report', capture, '--capture=x'), '--capture')
        command.check_line(self, command.call('report', capture, '--flow=maybe'), '--flow=maybe', 'neither')
        command.check_line(self, command.call('report', capture, 'more'), 'more')

    def test_no_capture(self):
        with open(self.path('text'), 'w') as file:
            file.write('a text that is longer than the magic of a capture\n' * 100)
        with open(self.path('empty'), 'w'):
            pass
        command.check_line(self, command.call('report', self.path('absent')), 'absent: No such file')
        command.check_line(self, command.call('report', self.folder), 'is not a file')
        for name in ('text', 'empty'):
            command.check_line(self, command.call('report', self.path(name)), name + ': is not a capture')

    def test_newer_version(self):
        self.record()
        with open(self.path('capture'), 'r+b') as file:
            file.seek(8)
            version = file.read(1)[0]
            file.seek(8)
            file.write(bytes([version + 1]))
        command.check_line(self, command.call('report', self.path('capture')), 'capture: ', 'newer version')

    def test_unwritable_output(self):
        self.record()
        capture = self.path('capture')
        command.check_line(self, command.call('report', capture, '--output=/no/such/file'),
                        '/no/such/file: No such file or directory')
        if os.path.exists('/dev/full'):
            command.check_line(self, command.call('report', capture, '--output=/dev/full'),
                            '/dev/full: No space left on device')

    def test_folder_of_the_capture(self):
        run = self.record(PYMEMFLOW_CAPTURE='/no/such/folder/capture')
        self.assertEqual((run.status, run.stdout), (4, 'out\n'))
        self.assertEqual(run.stderr, 'pymemflow: PYMEMFLOW_CAPTURE=/no/such/folder/capture: No such '
                         'file or directory; this program runs untraced\n')


if __name__ == '__main__':
    unittest.main()
