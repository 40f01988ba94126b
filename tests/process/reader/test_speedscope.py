"""pymemflow report --format speedscope: the file has the stacks of --format folded, in the form of its schema."""
import json

import pytest

import cases

pytestmark = pytest.mark.known_python

PROGRAM = '''
kept = []
def make(size): kept.append(bytes(size))
def recurse(depth): make(90000) if depth == 0 else recurse(depth - 1)
def main():
    recurse(8)
    for size in 70000, 50000: make(size)
main()
import os
os._exit(0)
'''


class TestSpeedscope(cases.Case):
    def record(self, program=PROGRAM, **variables):
        done = self.cli('run', '--stack=native', '--capture', self.path('c'), '--output', self.path('o'), '--',
                        self.python.path, self.write('it.py', program),
                        env=dict(self.environment, **variables))
        assert done.status == 0, done.stderr
        return self.path('c')

    def stacks(self, capture, *words):
        """The document, and {the names of the frames from the outermost on: bytes} of its samples."""
        document = json.loads(self.cli('report', '--format=speedscope', *words, capture).stdout)
        profile, = document['profiles']
        frames = document['shared']['frames']
        assert len(profile['samples']) == len(profile['weights'])
        stacks = {}
        for sample, weight in zip(profile['samples'], profile['weights']):
            stack = tuple(frames[number]['name'] for number in sample)
            stacks[stack] = stacks.get(stack, 0) + weight
        return document, stacks

    def test_stacks_are_those_of_folded(self):
        capture = self.record()
        document, stacks = self.stacks(capture)
        folded = {}
        for line in self.cli('report', '--format=folded', capture).stdout.splitlines():
            frames, weight = line.rsplit(' ', 1)
            # A Python frame is "file:line function" there.
            names = tuple(frame.split(' ', 1)[1] if frame.startswith('it.py:') else frame
                          for frame in frames.split(';'))
            folded[names] = folded.get(names, 0) + int(weight)
        of_program = {stack: weight for stack, weight in stacks.items() if 'make' in stack}
        assert of_program == {names: weight for names, weight in folded.items() if 'make' in names}
        deepest = max(of_program, key=len)
        assert deepest.count('recurse') == 9 and of_program[deepest] == 90033
        frames = document['shared']['frames']
        make, = [frame for frame in frames if frame['name'] == 'make']
        assert (make['file'], make['line']) == (self.path('it.py'), 3)
        assert document['name'].endswith('it.py') and document['activeProfileIndex'] == 0
        assert document['$schema'] == 'https://www.speedscope.app/file-format-schema.json'

    def test_missing_callers_are_a_frame(self):
        _, stacks = self.stacks(self.record(PYMEMFLOW_MAX_STACK='3'))
        assert any(stack[0] == '[cut]' and stack[1] == 'recurse' for stack in stacks)

    def test_names_out_of_the_program(self):
        hostile = '<script>\\"é\\x7f;'
        program = 'kept = []\nexec(compile("def f(): kept.append(bytes(70000))", "%s", "exec"))\nf()\nimport os\nos._exit(0)\n' % hostile
        document, _ = self.stacks(self.record(program))
        files = {frame.get('file', '') for frame in document['shared']['frames'] if frame['name'] == 'f'}
        assert len(files) == 1 and files.pop().startswith('<script>"é')

    def test_units(self):
        capture = self.record()
        document, _ = self.stacks(capture, '--metric', 'temporary')
        assert document['profiles'][0]['unit'] == 'none'
        document, _ = self.stacks(capture, '--metric', 'total')
        assert (document['profiles'][0]['unit'], document['profiles'][0]['type']) == ('bytes', 'sampled')
