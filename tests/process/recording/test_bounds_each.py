"""Memory and file space per thread, site, event, name and module; and a process that runs for a day
does not grow. The limits are the numbers of the table in docs/bounds.md."""
import os
import re

import pytest

import built
import cases

pytestmark = [pytest.mark.one_python, pytest.mark.soak('bounds')]
ALL, RING, SUMS = {}, {'PYMEMFLOW_RING': '1MiB'}, {'PYMEMFLOW_FLOW': '0'}


def limits():
    """The rows of the table as a dictionary: name to the maximum of (resident, file) in bytes."""
    rows = {}
    with open(os.path.join(built.ROOT, 'docs', 'bounds.md'), encoding='utf-8') as file:
        for line in file:
            row = re.match(r'^\| ([a-z][^|]*?) \| (\d+) \| (\d+) \|', line)
            if row:
                rows[row.group(1)] = (int(row.group(2)), int(row.group(3)))
    return rows


LIMITS = limits()


class Case(cases.Case):
    @pytest.fixture(autouse=True)
    def capture(self, fixtures, length):
        self.capture = self.path('capture')
        self.library = self.build.path('ends_threads')
        self.length = length

    def in_use(self, script, *arguments, **options):
        """Returns rows of (resident bytes, bytes of the file on its disk)."""
        for name in (self.capture, self.capture + '.windows'):
            if os.path.exists(name):
                os.unlink(name)
        options.setdefault('PYMEMFLOW_CAPTURE', self.capture)
        run = self.trace(script, *arguments, self.capture, self.library, output=None, **options)
        assert (run.status, run.stderr) == (0, '')
        return [tuple(int(word) << 10 for word in line.split()) for line in run.stdout.splitlines()]


class TestEach(Case):
    def check(self, what, options, kind, few, many):
        """Compares few of them with many, so that the rest of the process and of the file cancels out."""
        with_it = [self.in_use('takes_so_much.py', kind, str(count), **options)[0]
                   for count in (few, many)]
        without = [self.in_use('takes_so_much.py', kind, str(count), preload=False)[0][0]
                   for count in (few, many)]
        more = (with_it[1][0] - without[1] - with_it[0][0] + without[0],
                with_it[1][1] - with_it[0][1])
        each = [max(0, bytes_more) / (many - few) for bytes_more in more]
        self.length.say('%s: %.0f bytes resident, %.0f of the file' % ((what,) + tuple(each)))
        for found, limit in zip(each, LIMITS[what]):
            assert found <= limit, what

    def test_threads(self):
        for what, options in (('thread', ALL), ('thread, ring of 1 MiB', RING),
                              ('thread, sums', SUMS)):
            self.check(what, options, 'threads', 20, 220)

    def test_sites(self):
        for what, options in (('site', ALL), ('site, ring', RING), ('site, sums', SUMS)):
            self.check(what, options, 'sites', 1000, 21000)

    def test_events(self):
        for what, options in (('two events', ALL), ('two events, ring', RING),
                              ('two events, sums', SUMS)):
            # The ring is full before.
            self.check(what, options, 'events', 100000, 300000)

    def test_names(self):
        self.check('name of 10,000 characters', ALL, 'names', 20, 520)

    def test_sums_of_code_that_died(self):
        self.check('function that comes and goes, sums', SUMS, 'dead', 1000, 21000)

    def test_modules(self):
        self.check('module', ALL, 'modules', 10, 210)

    def test_the_library_itself(self):
        for what, options in (('process', ALL), ('process, ring of 1 MiB', RING),
                              ('process, sums', SUMS)):
            with_it, = self.in_use('takes_so_much.py', 'sites', '1', **options)
            without, = self.in_use('takes_so_much.py', 'sites', '1', preload=False)
            self.length.say('%s: %d KiB resident, %d of the file' % (
                what, (with_it[0] - without[0]) >> 10, with_it[1] >> 10))
            assert with_it[0] - without[0] <= LIMITS[what][0]
            assert with_it[1] <= LIMITS[what][1]


class TestDays(Case):
    """200 events, a thread and a library a round."""

    # Full, and so resident, before a quarter of the way.
    RING = {'PYMEMFLOW_RING': '128KiB'}
    LIMIT = 448 << 10
    # A thread that ends has its room for some steps more: on a busy machine others begin meanwhile.
    THREADS = 4 * LIMITS['thread'][1]
    # The same of its memory: its ring, and what belongs to a thread.
    RESIDENT = 4 * ((128 << 10) + LIMITS['thread'][0])

    @pytest.fixture(autouse=True)
    def rounds(self, capture):
        self.rounds = self.length.pick(1000, 40000)

    def grown(self, kind, **options):
        """The growth after a quarter of the rounds, without the growth of the untraced program."""
        with_it = self.in_use('runs_for_days.py', str(self.rounds), kind, **options)
        without = self.in_use('runs_for_days.py', str(self.rounds), kind, preload=False)
        own = max(0, without[2][0] - without[0][0])
        self.length.say('%d rounds, %s: resident %s, file %s KiB' % (
            self.rounds, kind, *([row[i] >> 10 for row in with_it] for i in range(2))))
        return max(0, with_it[2][0] - with_it[0][0] - own), [row[1] for row in with_it]

    def test_ring_does_not_grow(self):
        for options in (self.RING, SUMS):
            resident, file = self.grown('steady', **options)
            assert resident <= self.RESIDENT
            assert file[2] - file[0] <= self.THREADS

    def test_code_that_is_made_for_ever(self):
        """Its names are kept; nothing else grows."""
        resident, file = self.grown('new-code', **self.RING)
        assert resident <= self.RESIDENT
        functions = self.rounds * 3 // 4
        assert file[2] - file[0] <= (self.THREADS +
                                     functions * LIMITS['function that comes and goes'][1])
        assert file[2] > file[0]

    def test_names_up_to_the_limit(self):
        """At the limit, one line is printed and the program goes on."""
        run = self.trace('runs_for_days.py', '1500', 'new-code', self.capture, self.library, output=None,
                         PYMEMFLOW_CAPTURE=self.capture, PYMEMFLOW_CAPTURE_LIMIT=str(self.LIMIT),
                         PYMEMFLOW_RING='64KiB')
        assert (run.status, len(run.stdout.splitlines())) == (0, 3)
        assert re.search(r'^pymemflow: recording stopped \(the record reached its limit '
                         r'of \d+ bytes\)[^\n]*\n$', run.stderr)
        assert os.stat(self.capture).st_size <= self.LIMIT
        report = self.cli.report(self.capture)
        assert report.lost > 0
        assert re.search(r'-> made_\d+ malloc\(8\)', report.text)
