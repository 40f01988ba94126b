"""Options of a report, each alone and each with each other one, in each format: what is accepted has an effect. An
option that changes nothing, or that another one makes useless, is refused with one line."""
import itertools

import pytest

import cases
import runs

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
PROGRAM = '''import os, threading
def inner(n): return bytearray(3000 + n)
def make(n): return inner(n)
def again(n): return inner(n)
keep = []
def work():
    for i in range(20):
        keep.extend([make(i), again(i)])
        bytes(2000 + i)
thread = threading.Thread(target=work)
thread.start()
thread.join()
work()
os._exit(0)
'''
OPTIONS = ['--by=function', '--by=file', '--by=stack', '--depth=2', '--full-stacks', '--metric=total',
           '--metric=leaked', '--metric=temporary', '--metric=mapped',
           '--flow-columns=thread', '--flow-columns=time,event',
           '--compat=dtrace', '--compat=dtrace-2020', '--python-call-stack', '--full-file-path', '--inverted']
# Of two of these, one may well leave nothing more to the other.
SELECTIONS = ['--only=inner', '--min-size=3000', '--limit=2']
FORMATS = ['flow', 'distributions', 'summary', 'tree', 'folded', 'json']
# (format, options) of which the record has nothing to show, with the reason.
WITHOUT_EFFECT = {
    ('flow', '--python-call-stack'): 'the record has calls and returns only if it was made with the option',
    ('json', '--full-file-path'): 'the format has full paths in any case',
    ('json', '--full-stacks'): 'the format has all callers in any case',
    ('tree', '--full-stacks'): 'the same',
    ('folded', '--full-stacks'): 'the same',
}


def name_of(option):
    return option.partition('=')[0]


class TestReport(cases.Case):
    @pytest.mark.parametrize('format', FORMATS)
    def test_what_is_accepted_has_an_effect(self, format):
        script = self.write('program.py', PROGRAM)
        done = self.cli('run', '--stack=native', '--capture', self.path('c'), '-o', self.path('out'), '--',
                        self.python.path, script, env=self.environment)
        assert done.status == 0, done

        def report(*options):
            done = self.cli('report', '--format', format, *options, self.path('c'))
            if done.status == 2:
                runs.check_error(done, 'leave')
                return None
            return done.stdout

        plain = report()
        alone = {option: report(option) for option in OPTIONS + SELECTIONS}
        accepted = [option for option in alone if alone[option] is not None]
        assert '--full-file-path' in accepted
        useless = [(format, option) for option in accepted if alone[option] == plain]
        for first, second in itertools.combinations([each for each in accepted if each not in SELECTIONS], 2):
            if name_of(first) == name_of(second) or {(format, first), (format, second)} & set(WITHOUT_EFFECT):
                continue
            both = report(first, second)
            useless += [(format, first, second) for option in (first, second) if both == alone[option]]
        useless = [pair for pair in useless if pair not in WITHOUT_EFFECT]
        assert not useless, useless
