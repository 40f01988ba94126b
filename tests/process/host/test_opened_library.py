"""A program that opens the library by dlopen(), in place of a preload, and closes it again: the program ends as it
does alone, since the library stays loaded (-z nodelete)."""
import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
START = ('import ctypes, _ctypes, os, sys, threading\npath = %r\n'
         'def both(mode=os.RTLD_NOW):\n    handle = _ctypes.dlopen(path, mode)\n    _ctypes.dlclose(handle)\n'
         'def work():\n    for n in range(2000): bytes(70000 + n)\n')
PROGRAMS = {
    'now': 'both()',
    'global': 'both(os.RTLD_NOW | os.RTLD_GLOBAL)',
    'lazy': 'both(os.RTLD_LAZY)',
    'deeply bound': 'both(os.RTLD_NOW | os.RTLD_DEEPBIND)',
    'many times': 'for n in range(100): both()',
    'in a thread': 'thread = threading.Thread(target=both); thread.start(); thread.join()',
    'beside threads': 'threads = [threading.Thread(target=work) for n in range(4)]\n'
                      'for each in threads: each.start()\nboth()\nfor each in threads: each.join()',
    'before a fork': 'both()\nif os.fork() == 0: work(); os._exit(3)\nprint(os.wait()[1])',
    'in a child': 'if os.fork() == 0: both(); work(); sys.exit(3)\nprint(os.wait()[1])',
    'in a namespace': 'libc = ctypes.CDLL(None); libc.dlmopen.restype = ctypes.c_void_p\n'
                      'handle = libc.dlmopen(ctypes.c_long(-1), path.encode(), os.RTLD_NOW)\n'
                      'handle and libc.dlclose(ctypes.c_void_p(handle))',
    'never closed': '_ctypes.dlopen(path, os.RTLD_NOW)',
}
ENDS = {'exit': 'sys.exit(5)', '_exit': 'os._exit(5)', 'exec': 'os.execv("/bin/sh", ["sh", "-c", "exit 5"])',
        'exception': 'raise SystemExit(5)', 'signal': 'os.kill(os.getpid(), 15)'}


class TestOpened(cases.Case):
    def code(self, program, end, library=None):
        return '%s%s\nwork()\nprint("end", flush=True)\n%s\n' % (
            START % (library or self.build.library), PROGRAMS[program], ENDS[end])

    def check(self, program, end, **options):
        code = self.code(program, end)
        alone = self.trace.code(self.code(program, end, 'libm.so.6'), preload=False)
        run = self.trace.code(code, **options)
        assert (run.status, run.stdout) == (alone.status, alone.stdout), run.stderr
        return run

    @pytest.mark.parametrize('end', ENDS)
    @pytest.mark.parametrize('program', PROGRAMS)
    def test_not_preloaded(self, program, end):
        run = self.check(program, end, preload=False)
        assert 'Traceback' not in run.stderr and 'rror' not in run.stderr.replace('mirror', ''), run.stderr

    @pytest.mark.parametrize('program', PROGRAMS)
    def test_preloaded_as_well(self, program):
        """It is recorded as without that."""
        run = self.check(program, '_exit')
        sizes = [event.arguments[-1] for event in run.report.events if event.function == 'work']
        assert run.report.lost == 0 and sizes.count(70000 + 33) == (5 if 'beside' in program else 1), run.stderr
