"""An interpreter that a program loads after it has run for a while; two interpreters in one process."""
import pytest

import cases
from pythons import library_of

# Built in, so that it runs in a library that shows its symbols to nobody: 700001 bytes.
SOURCE = '''
def embedded():
    for i in range(10): bytearray(700000 + i)
embedded()
'''
# Calls without the GIL, in both lives of an interpreter.
RELEASED = '''
import ctypes
released = ctypes.CDLL(%r)
released.take.argtypes = (ctypes.c_size_t,)
def embedded():
    for _ in range(4):
        released.take(%d)
embedded()
'''


class TestEmbedding(cases.Case):
    @pytest.fixture(autouse=True)
    def library(self, fixtures):
        self.library = library_of(self.python)
        if not self.library:
            pytest.skip('Python %s is built without a library' % self.python.id)

    def run_embedded(self, mode, *libraries):
        """`libraries`: (libpython, its home, source)."""
        run = self.trace.program([self.build.path('embeds_python'), mode, *sum(libraries, [])],
                                 PYTHONMALLOC='malloc')
        assert (run.status, run.stdout.splitlines()[-1:]) == (6, ['done']), run.stdout + run.stderr[:1000]
        return run

    def check_lines(self, run):
        sizes = [(event.file, event.line, event.arguments[-1]) for event in run.report.events
                 if 700000 <= event.arguments[-1] < 701000]
        assert sizes == [('<string>', 3, 700001 + i) for i in range(10)]
        assert run.report.lost == 0
        # From the beginning of the interpreter: its own start is there, what came before is not.
        assert '<frozen importlib._bootstrap>' in {event.file for event in run.report.events}
        # The engine callers' section: the 100 allocations after it.
        assert '`main, total bytes = 55500000' in run.report.distributions

    def test_begins_anew(self):
        """The second interpreter's states are not those of the first, which were freed."""
        sizes = (700100, 700200)
        lives = [[*self.library, RELEASED % (self.build.path('without_gil'), size)] for size in sizes]
        run = self.run_embedded('global', *lives)
        for size in sizes:
            places = [(event.file, event.line) for event in run.report.events
                      if event.name == 'malloc' and event.arguments == (size,)]
            assert places == [('<string>', 7)] * 20, size
        assert run.report.lost == 0

    @pytest.mark.parametrize('mode', ['global', 'local'])
    def test_loaded_late(self, mode):
        run = self.run_embedded(mode, [*self.library, SOURCE])
        self.check_lines(run)
        assert run.stderr == ''

    def test_a_second_one_is_named_and_left_alone(self, every_python):
        others = (other for other in every_python if other.version[:2] != self.python.version[:2])
        other = next(filter(library_of, others), None)
        if other is None:
            pytest.skip('no other Python is built with a library')
        path, home = library_of(other)
        run = self.run_embedded('local', [*self.library, SOURCE],
                                [path, home, 'for i in range(5): bytearray(800000)'])
        said = [line for line in run.stderr.splitlines() if line.startswith('pymemflow: ')]
        version = other.evaluate('import platform; print(platform.python_version())')
        assert said == ['pymemflow: this process has a second CPython (%s, %s): '
                        'its events have no Python frame' % (version, path)]
        sizes = [event.arguments[-1] for event in run.report.events]
        assert len([size for size in sizes if 700000 <= size < 701000]) == 10
        assert 800001 not in sizes
