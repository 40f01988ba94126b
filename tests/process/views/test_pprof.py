"""pymemflow report --format pprof: the numbers are those of --format json, and pprof itself reads the file."""
import json
import shutil
import subprocess

import pytest

import cases
import pprof_file

pytestmark = pytest.mark.known_python

PROGRAM = '''
kept = []
def make(size): kept.append(bytes(size))
def recurse(depth): make(90000) if depth == 0 else recurse(depth - 1)
def main():
    recurse(8)
    for size in 70000, 50000: make(size)
    for _ in range(20): bytes(60000)
main()
import os
os._exit(0)
'''
GO_TYPES = [('alloc_objects', 'count'), ('alloc_space', 'bytes'), ('inuse_objects', 'count'),
            ('inuse_space', 'bytes')]


def is_python(file):
    return file.endswith('.py') or file.startswith('<')


class Case(cases.Case):
    def record(self, program=PROGRAM, name='c', **variables):
        done = self.cli('run', '--stack=native', '--capture', self.path(name), '--output', self.path(name + '.txt'),
                        '--', self.python.path, self.write(name + '.py', program),
                        env=dict(self.environment, **variables))
        assert done.status == 0, done.stderr
        return self.path(name)

    def report(self, capture, *words):
        path = capture + '.pb.gz'
        done = self.cli('report', '--format=pprof', '--output', path, *words, capture)
        assert (done.status, done.stderr) == (0, '')
        return path

    def profile(self, capture, *words):
        return pprof_file.Profile(self.report(capture, *words))

    def json(self, capture, *words):
        return json.loads(self.cli('report', '--format=json', *words, capture).stdout)


class TestNumbers(Case):
    def test_are_those_of_json(self):
        capture = self.record()
        for words in ((), ('--from', '1ms'), ('--to', '20ms'), ('--metric', 'total')):
            profile, whole = self.profile(capture, *words), self.json(capture, *words)
            assert profile.types == GO_TYPES and profile.is_zipped
            assert profile.sums() == {
                'alloc_objects': whole['allocated']['blocks'], 'alloc_space': whole['allocated']['bytes'],
                'inuse_objects': whole['live']['blocks'], 'inuse_space': whole['live']['bytes']}
        assert profile.default_type == 'alloc_space'

    def test_of_each_line(self):
        capture = self.record()
        lines = {}
        for frames, values in self.profile(capture).samples:
            line = next((frame for frame in frames if is_python(frame[1])), None)
            sums = lines.setdefault(line, [0, 0, 0, 0])
            lines[line] = [a + b for a, b in zip(sums, values)]
        for site in self.json(capture)['sites']:
            if is_python(site.get('file', '')):
                key = site['function'], site['file'], site['line']
                assert lines.pop(key) == [site[what][unit] for what in ('allocated', 'live')
                                          for unit in ('blocks', 'bytes')]
        lines.pop(None, None)
        assert lines == {}

    def test_of_other_metrics(self):
        capture = self.record()
        for metric, name, key in (('leaked', 'leaked_space', 'leaked'), ('peak', 'peak_space', 'peak'),
                                  ('mapped', 'mapped_space', 'mapped')):
            profile, whole = self.profile(capture, '--metric', metric), self.json(capture, '--metric', metric)
            assert profile.types[:4] == GO_TYPES and profile.default_type == name
            assert profile.sums()[name] == sum(site[key]['bytes'] for site in whole['sites']) > 0
        profile = self.profile(capture, '--metric', 'temporary')
        assert profile.sums()['temporary_objects'] == self.json(capture)['temporary'] >= 20

    def test_of_a_selection(self):
        capture = self.record()
        sums = self.profile(capture, '--only', 'make', '--min-size', '80KiB').sums()
        selected = self.json(capture, '--only', 'make', '--min-size', '80KiB')['selected']
        assert sums['inuse_space'] == selected['live']['bytes'] == 90033
        largest = max(self.profile(capture).samples, key=lambda sample: sample[1][3])
        assert self.profile(capture, '--limit', '1').samples == [largest]


class TestNames(Case):
    def test_stack(self):
        profile = self.profile(self.record())
        frames, values = next(each for each in profile.samples if each[1][3] == 90033)
        names = [name for name, _, _ in frames]
        start = names.index('make')
        assert names[start:] == ['make'] + ['recurse'] * 9 + ['main', '<module>']
        assert start > 0, 'the C functions that make() called'
        assert frames[start] == ('make', self.path('c.py'), 3)
        assert profile.files[0] == self.python.path
        assert profile.comments[0] == 'pymemflow: %s %s' % (self.python.path, self.path('c.py'))
        assert profile.comments[1] == 'inuse: bytes alive at the end'
        inverted = self.profile(self.path('c'), '--inverted')
        assert [each for each, numbers in inverted.samples if numbers[3] == 90033] == [frames[::-1]]

    def test_missing_callers_are_a_frame(self):
        profile = self.profile(self.record(PYMEMFLOW_MAX_STACK='3'))
        assert any([name for name, _, _ in frames][-2:] == ['recurse', '[cut]'] for frames, _ in profile.samples)

    def test_out_of_the_program(self):
        hostile = '<script>\\"é\\x7f;'
        program = ('kept = []\nexec(compile("def f(): kept.append(bytes(70000))", "%s", "exec"))\nf()\n'
                   'import os\nos._exit(0)\n' % hostile)
        profile = self.profile(self.record(program))
        file, = {file for frames, _ in profile.samples for name, file, _ in frames if name == 'f'}
        assert file == '<script>"é\\x7f;'


@pytest.mark.skipif(shutil.which('pprof') is None, reason='pprof is not installed')
class TestPprof(Case):
    def ask(self, *words):
        done = subprocess.run(['pprof', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        return done.stdout.decode()

    def test_top_and_lines(self):
        capture = self.record()
        path, live = self.report(capture), self.json(capture)['live']['bytes']
        top = self.ask('-top', '-unit=B', '-nodefraction=0', path)
        assert 'Type: inuse_space' in top and ' of %dB total' % live in top
        assert '<module>' in top and '<unknown>' not in top
        assert 'recurse %s:4' % self.path('c.py') in self.ask('-lines', '-top', '-nodefraction=0', path)

    def test_difference(self):
        capture = self.record()
        path = self.report(capture)
        before = self.path('before.pb.gz')
        shutil.copyfile(self.report(capture, '--to', '0s'), before)
        path = self.report(capture)
        live = self.json(capture)['live']['bytes']
        difference = self.ask('-top', '-unit=B', '-nodefraction=0', '-diff_base', before, path)
        assert ' of %dB total' % live in difference
        same = self.ask('-top', '-unit=B', '-diff_base', path, path)
        assert 'Showing nodes accounting for 0' in same
