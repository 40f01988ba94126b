"""pymemflow report --format table: all rows of a profile, with the numbers of --format json."""
import json
import re

import pytest

import cases
import heads

pytestmark = pytest.mark.known_python
PROGRAM = heads.HEAD + '''
import os
def kept(): return malloc(70001)
def passing():
    for _ in range(5): free(malloc(50001))
pymemflow.mark('begin')
first = kept(); passing()
pymemflow.mark('ready')
free(first)
os._exit(0)
'''


class TestTable(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures):
        self.capture = self.path('capture')
        done = self.trace(self.write('it.py', PROGRAM), output=None, PYMEMFLOW_CAPTURE=self.capture,
                          PYMEMFLOW_STACK='native')
        assert (done.status, done.stderr) == (0, ''), done.stderr

    def table(self, *options):
        """The titles of the columns, and the rows: the name and its numbers. Sites may have equal names."""
        done = self.cli('report', '--format', 'table', *options, self.capture)
        assert (done.status, done.stderr) == (0, ''), done
        head, *lines = done.stdout.splitlines()
        titles = re.split(r' {2,}', head.strip())
        rows = []
        for line in lines:
            words = line.split(None, len(titles) - 1)
            assert len(words) == len(titles), line
            rows.append((words[-1], tuple(map(int, words[:-1]))))
        return titles, rows

    def test_numbers_are_those_of_json(self):
        titles, rows = self.table()
        assert titles == ['live bytes', 'blocks', 'leaked bytes', 'blocks', 'total bytes', 'blocks', 'temporary', 'site']
        profile = json.loads(self.cli('report', '--format', 'json', self.capture).stdout)
        for column, (amount, unit) in enumerate((('live', 'bytes'), ('live', 'blocks'), ('leaked', 'bytes'),
                                                 ('leaked', 'blocks'), ('allocated', 'bytes'),
                                                 ('allocated', 'blocks'))):
            assert sum(row[column] for _, row in rows) == sum(
                site[amount][unit] for site in profile['sites']), (amount, unit)
        own = {name.split(' ')[1]: row for name, row in rows if name.startswith('it.py:')}
        assert own['passing'] == (0, 0, 0, 0, 250005, 5, 5)
        assert own['kept'] == (0, 0, 0, 0, 70001, 1, 0)

    def test_columns_of_a_metric_and_a_range(self):
        titles, rows = self.table('--metric', 'peak', '--by', 'function')
        assert titles[:2] == ['peak bytes', 'blocks'] and titles[-1] == 'function'
        profile = json.loads(self.cli('report', '--format', 'json', self.capture).stdout)
        assert sum(row[0] for _, row in rows) == profile['peak']['bytes']
        titles, rows = self.table('--from', 'ready')
        assert titles[-3:] == ['freed bytes', 'blocks', 'site']
        kept, = [row for name, row in rows if name.endswith(' kept')]
        assert kept[-2:] == (70001, 1)

    def test_limit(self):
        titles, rows = self.table('--limit', '3')
        assert len(rows) == 3
        every = self.table()[1]
        assert rows == every[:3]
