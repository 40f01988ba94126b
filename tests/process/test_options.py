"""What an option does; and one that is wrong, or a place that cannot be written to, gets one line
while the program goes on as it is."""
import os
import re
import subprocess
import tempfile
import unittest

import traced

SIZES = list(range(77000, 77100))


class Case(unittest.TestCase):
    maxDiff = None

    def run_records(self, *arguments, **options):
        run = traced.run(*(arguments or ('records.py',)), **options)
        self.assertEqual((run.status, run.stdout), (4, 'out\n'), run.stderr)
        return run

    def check_line(self, run, *words):
        """Exactly one line of ours on standard error."""
        self.assertEqual(run.stderr.count('\n'), 1, run.stderr)
        self.assertTrue(run.stderr.startswith('pymemflow: '), run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def check_report(self, report):
        self.assertEqual(report.sizes('before'), SIZES)
        self.assertEqual((report.lost, report.torn), (0, []))


class Wrong(Case):
    def test_unknown_option(self):
        run = self.run_records(PYMEMFLOW_NOSUCH='1')
        self.check_line(run, 'PYMEMFLOW_NOSUCH')
        self.assertEqual(run.files, [])

    def test_bad_switch(self):
        run = self.run_records(PYMEMFLOW_FLOW='maybe')
        self.check_line(run, 'PYMEMFLOW_FLOW=maybe')
        self.assertEqual(run.files, [])

    def test_empty_output(self):
        self.check_line(self.run_records(PYMEMFLOW_OUTPUT=''), 'PYMEMFLOW_OUTPUT')

    def test_two_lines_in_a_value(self):
        self.check_line(self.run_records(PYMEMFLOW_FLOW='may\nbe'), 'PYMEMFLOW_FLOW=may?be')

    def test_no_folder(self):
        run = self.run_records(PYMEMFLOW_OUTPUT='/no/such/folder/report')
        self.check_line(run, '/no/such/folder/report', 'No such file or directory')

    def test_output_is_a_folder(self):
        self.check_line(self.run_records(PYMEMFLOW_OUTPUT='/tmp'), 'Is a directory')

    def test_full_device(self):
        if not os.path.exists('/dev/full'):
            self.skipTest('no /dev/full')
        self.check_line(self.run_records(PYMEMFLOW_OUTPUT='/dev/full'), 'No space left on device')

    def test_standard_error_is_closed(self):
        """Nothing of the report may end up in a file that the program opens as number 2."""
        run = traced.Run(['/bin/sh', '-c', 'exec "$@" 2>&-', 'sh', traced.sys.executable,
                          os.path.join(traced.VICTIMS, 'records.py')], output=None)
        self.assertEqual((run.status, run.stdout, run.stderr), (4, 'out\n', ''))


class FullDisk(Case):
    """On a file system of 1 MiB."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, self.folder)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', self.folder],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            self.skipTest('may not mount a file system: %s' % done.stderr.decode().strip())
        self.addCleanup(subprocess.call, ['umount', self.folder])

    def test_record(self):
        self.check_record('No space left on device', PYMEMFLOW_CAPTURE_LIMIT='1GiB')

    def test_half_of_it_is_left(self):
        self.check_record('limit of ')

    def check_record(self, reason, **options):
        run = self.run_records('records_much.py', TMPDIR=self.folder, **options)
        self.check_line(run, 'the record could not grow', reason)
        report = run.report
        self.assertEqual(report.torn, [])
        self.assertGreater(report.lost, 0)
        sizes = report.sizes('allocate')
        self.assertGreater(len(sizes), 1000)
        self.assertEqual(sizes, list(range(1, len(sizes) + 1)))
        # Nothing is dropped in silence: of each number of the victim one line, or one that is lost.
        self.assertGreaterEqual(len(sizes) + report.lost, 200000)

    def test_report(self):
        run = self.run_records('records_much.py',
                               PYMEMFLOW_OUTPUT=os.path.join(self.folder, 'report'))
        self.check_line(run, 'No space left on device')


class Right(Case):
    def test_process_id_in_output(self):
        run = self.run_records(output='a%p.%%p.txt')
        self.assertEqual(run.files, ['a%d.%%p.txt' % run.pid])
        self.check_report(traced.Report(run.texts[run.files[0]]))

    def test_output_is_replaced(self):
        with tempfile.NamedTemporaryFile(mode='w+') as file:
            file.write('old\n' * 1000000)
            file.flush()
            self.run_records(PYMEMFLOW_OUTPUT=file.name)
            file.seek(0)
            self.check_report(traced.Report(file.read()))

    def test_standard_error(self):
        run = self.run_records(output=None)
        self.assertTrue(run.stderr.startswith('dtrace:::BEGIN\n'))
        self.check_report(traced.Report(run.stderr))

    def test_full_file_path(self):
        for value, name in (('1', os.path.join(traced.VICTIMS, 'leak.py')), ('0', 'leak.py')):
            report = self.run_records(PYMEMFLOW_FULL_FILE_PATH=value).report
            self.assertEqual({event.file for event in report.of('before')}, {name})
            self.assertIn('   %s, before, bytes total = %d \n' % (name, sum(SIZES)),
                          report.distributions)

    def test_no_flow(self):
        report = self.run_records(PYMEMFLOW_FLOW='0').report
        self.assertEqual(report.lines, [])
        self.assertIn('   leak.py, before, bytes total = %d \n' % sum(SIZES), report.distributions)
        self.assertEqual(report.lost, 0)
        self.assertGreater(report.recorded, 100)
        # The distribution has every one of them: all between 65536 and 131072.
        section = report.distributions[report.distributions.index('leak.py, before,'):]
        self.assertRegex(section.partition('\n\n')[0], re.compile(r'^ +65536 \|@{40} 100 *$', re.M))

    def test_no_folder_for_the_record(self):
        """Another is taken."""
        for folder in ('/no/such/folder', '/proc', '/dev/null', ''):
            run = self.run_records(TMPDIR=folder)
            self.assertEqual(run.stderr, '')
            self.check_report(run.report)


if __name__ == '__main__':
    unittest.main()
