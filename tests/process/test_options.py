"""The effect of each option. A wrong value, or a file that cannot be written, causes one line on
standard error, and the program runs as it does without the library."""
import os
import re

import pytest

import built
import cases
import reports
import runs

pytestmark = pytest.mark.stable_abi
SIZES = list(range(77000, 77100))


class Case(cases.Case):
    def run_records(self, *arguments, **options):
        run = self.trace(*(arguments or ('records.py',)), **options)
        assert (run.status, run.stdout) == (4, 'out\n'), run.stderr
        return run

    def check_report(self, report):
        assert report.sizes('before') == SIZES
        assert report.lost == 0


class TestWrong(Case):
    def test_unknown_option(self):
        run = self.run_records(PYMEMFLOW_NOSUCH='1')
        runs.check_one_line(run, 'PYMEMFLOW_NOSUCH')
        assert run.files == []

    def test_bad_switch(self):
        run = self.run_records(PYMEMFLOW_FLOW='maybe')
        runs.check_one_line(run, 'PYMEMFLOW_FLOW=maybe')
        assert run.files == []

    def test_empty_output(self):
        runs.check_one_line(self.run_records(PYMEMFLOW_OUTPUT=''), 'PYMEMFLOW_OUTPUT')

    def test_two_lines_in_a_value(self):
        runs.check_one_line(self.run_records(PYMEMFLOW_FLOW='may\nbe'), 'PYMEMFLOW_FLOW=may?be')

    def test_no_folder(self):
        run = self.run_records(PYMEMFLOW_OUTPUT='/no/such/folder/report')
        runs.check_one_line(run, '/no/such/folder/report', 'its folder does not exist')

    def test_output_is_a_folder(self):
        runs.check_one_line(self.run_records(PYMEMFLOW_OUTPUT='/tmp'), 'Is a directory')

    def test_full_device(self):
        if not os.path.exists('/dev/full'):
            pytest.skip('no /dev/full')
        runs.check_one_line(self.run_records(PYMEMFLOW_OUTPUT='/dev/full'), 'No space left on device')

    def test_standard_error_is_closed(self):
        """The report must not be written into a file that the program opens as descriptor 2."""
        run = self.trace.program(['/bin/sh', '-c', 'exec "$@" 2>&-', 'sh', self.python.path,
                                  built.victim('records.py')], output=None)
        assert (run.status, run.stdout, run.stderr) == (4, 'out\n', '')


class TestFullDisk(Case):
    """Tests on a file system of 1 MiB."""

    def test_record(self, disk):
        self.check_record(disk(1 << 20), 'No space left on device', PYMEMFLOW_CAPTURE_LIMIT='1GiB')

    def test_half_of_it_is_left(self, disk):
        self.check_record(disk(1 << 20), 'limit of ')

    def check_record(self, disk, reason, **options):
        run = self.run_records('records_much.py', TMPDIR=disk, **options)
        runs.check_one_line(run, 'recording stopped', reason)
        report = run.report
        assert report.lost > 0
        sizes = report.sizes('allocate')
        assert len(sizes) > 1000
        assert sizes == list(range(1, len(sizes) + 1))
        # Nothing is dropped in silence: of each number of the victim one line, or one that is lost.
        assert len(sizes) + report.lost >= 200000

    def test_report(self, disk):
        run = self.run_records('records_much.py',
                               PYMEMFLOW_OUTPUT=os.path.join(disk(1 << 20), 'report'))
        runs.check_one_line(run, 'No space left on device')


class TestRight(Case):
    def test_process_id_in_output(self):
        run = self.run_records(output='a%p.%%p.txt')
        assert run.files == ['a%d.%%p.txt' % run.pid]
        self.check_report(reports.Report(run.texts[run.files[0]]))

    def test_output_is_not_replaced(self):
        path = self.write('report', 'old\n')
        run = self.run_records(PYMEMFLOW_OUTPUT=path)
        runs.check_one_line(run, 'already exists and is kept')
        self.check_report(reports.Report(self.read('report.%d' % run.pid)))
        assert self.read('report') == 'old\n'

    def test_standard_error(self):
        run = self.run_records(output=None)
        assert run.stderr.startswith('dtrace:::BEGIN\n')
        self.check_report(reports.Report(run.stderr))

    def test_full_file_path(self):
        for value, name in (('1', built.victim('leak.py')), ('0', 'leak.py')):
            report = self.run_records(PYMEMFLOW_FULL_FILE_PATH=value).report
            assert {event.file for event in report.of('before')} == {name}
            assert '   %s, before, bytes total = %d \n' % (name, sum(SIZES)) in report.distributions

    def test_no_flow(self):
        report = self.run_records(PYMEMFLOW_FLOW='0').report
        assert report.lines == []
        assert '   leak.py, before, bytes total = %d \n' % sum(SIZES) in report.distributions
        assert report.lost == 0
        assert report.recorded > 100
        # The distribution has every one of them: all between 65536 and 131072.
        section = report.distributions[report.distributions.index('leak.py, before,'):]
        assert re.search(r'^ +65536 \|@{40} 100 *$', section.partition('\n\n')[0], re.M)

    def test_no_folder_for_the_record(self):
        """The record goes to another folder."""
        for folder in ('/no/such/folder', '/proc', '/dev/null', ''):
            run = self.run_records(TMPDIR=folder)
            assert run.stderr == ''
            self.check_report(run.report)
