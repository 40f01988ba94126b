"""pymemflow gate --only and --ignore on a program: a pattern that matches nothing gives no verdict."""
import json

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]
CLEAN = 'def clean():\n    for _ in range(9): bytes(50000)\nclean()'
LEAK = ('import ctypes\nlibc = ctypes.CDLL(None)\nlibc.malloc.restype = ctypes.c_void_p\n'
        'def leak():\n    for _ in range(100): libc.malloc(10000)\nleak()')


class TestSelection(cases.Case):
    def gate(self, code, *options, status):
        done = self.cli('gate', '--max-leak=256KiB', '--json', self.path('json'), *options, '--',
                        self.python.path, '-c', code, env=self.environment)
        assert done.status == status, (done.stdout, done.stderr)
        return done

    def test_pattern_that_matches_nothing(self):
        for only in (['elsewhere.py'], ['clean', 'elsewhere.py']):
            words = [word for pattern in only for word in ('--only', pattern)]
            done = self.gate(CLEAN, *words, status=2)
            assert 'pymemflow: --only elsewhere.py matched no allocation site\n' in done.stderr
            assert json.loads(self.read('json'))['unused_only'] == ['elsewhere.py']

    def test_pattern_of_a_site_that_does_not_leak(self):
        self.gate(CLEAN, '--only', 'clean', status=0)

    def test_suppressed_leak(self):
        self.gate(LEAK, '--only', 'leak', status=1)
        self.gate(LEAK, '--ignore', 'leak', status=0)
