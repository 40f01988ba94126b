"""The gate judges all of the memory: Python's arenas, what libraries map, and the resident set."""
import json
import re

import pytest

import cases

pytestmark = [pytest.mark.stable_abi, pytest.mark.known_python]
MIB = 1 << 20


class Case(cases.Case):
    def gate(self, text, *limits):
        """(status, standard error, the process in JSON) of a program"""
        script = self.write('program.py', text)
        done = self.cli('gate', *limits, '--json', self.path('v.json'), '--', self.python.path, script,
                        env=self.environment)
        process, = json.loads(self.read('v.json'))['processes']
        return done.status, done.stderr, process


class TestLimits(Case):
    DICTS = 'def build():\n    return [{"n": i} for i in range(%d)]\nkept = build()\nimport os\nos._exit(0)\n'

    def test_arenas_are_a_part_of_the_peak(self):
        status, said, process = self.gate(self.DICTS % 250000, '--max-peak=50MiB')
        assert status == 1
        peak = process['memory']
        assert peak['peak_bytes'] == (peak['peak_blocks_bytes'] + peak['peak_arenas_bytes'] +
                                      peak['peak_mapped_bytes'])
        assert peak['peak_arenas_bytes'] > 50 * MIB
        # CPython 3.9 allocates some more in the module, after the call.
        assert peak['peak_site'].startswith(('program.py:2 ', 'program.py:3 '))
        assert re.search(r"held up to \d+ bytes: \d+ bytes in \d+ blocks, \d+ bytes of Python's arenas.*"
                         r' in program\.py:[23] \S+; --max-peak allows 52428800 bytes', said)

    def test_mapped(self):
        assert self.gate(self.DICTS % 250000, '--max-mapped=50MiB')[0] == 1
        assert self.gate(self.DICTS % 10, '--max-mapped=50MiB')[0] == 0

    def test_resident(self):
        text = 'kept = bytearray(90 << 20)\ndel kept\n'
        status, said, process = self.gate(text, '--max-rss=80MiB')
        assert status == 1 and 90 * MIB < process['memory']['peak_resident_bytes'] < 140 * MIB
        assert 'had up to %d bytes resident; --max-rss' % process['memory']['peak_resident_bytes'] in said
        assert self.gate(text, '--max-rss=200MiB')[0] == 0


class TestGrowth(Case):
    """A verdict never passes over what grew without a block."""

    MARKS = ('import ctypes\n'
             'mark = ctypes.CDLL(None).pymemflow_mark\n'
             'mark(b"round")\n'
             '%s'
             'mark(b"round")\n')

    def test_of_arenas(self):
        text = self.MARKS % 'def build():\n    return [{"n": i} for i in range(30000)]\nkept = build()\n'
        status, said, process = self.gate(text, '--max-leak=1GiB')
        assert status == 0
        grown = {each['what']: each for each in process['memory']['growth']}["Python's arenas"]
        assert grown['bytes'] >= 6 * MIB and grown['bytes'] % (256 << 10) == 0
        assert '/program.py:5 ' in grown['site']
        assert ("Python's arenas grew by %d bytes since the mark 'round', most of it from %s"
                % (grown['bytes'], grown['site'])) in said
        assert ': the resident set grew by ' in said

    def test_of_what_a_library_maps(self):
        text = self.MARKS % 'import mmap\nkept = [mmap.mmap(-1, 123 * 4096) for _ in range(10)]\n'
        _, said, process = self.gate(text, '--max-leak=1GiB')
        grown = [each for each in process['memory']['growth'] if '/program.py:5 ' in each['site']]
        assert [each['bytes'] for each in grown] == [1230 * 4096], process['memory']
        assert " grew by %d bytes since the mark 'round', most of it from " % (1230 * 4096) in said

    def test_nothing_is_said_where_nothing_grew(self):
        _, said, process = self.gate('kept = 1\n', '--max-leak=1GiB')
        assert process['memory']['growth'] == [] and ' grew by ' not in said
