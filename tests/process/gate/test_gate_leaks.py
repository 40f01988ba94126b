"""pymemflow gate --max-leak: which site comes first, and what belongs to an import or to pymemflow itself."""
import json
import os

import pytest

import built
import cases
import json_schema

pytestmark = pytest.mark.known_python


class Case(cases.Case):
    def judge(self, script, *words):
        """The verdict on a program in the folder, at --max-leak 0 unless the words have a limit."""
        self.environment['PYTHONPATH'] = os.path.join(built.ROOT, 'python') + ':' + self.build.examples
        done = self.cli('gate', *(words or ('--max-leak=0',)), '--json', self.path('verdict.json'), '--',
                        self.python.path, script, env=self.environment, cwd=self.folder)
        verdict = json.loads(self.read('verdict.json'))
        with open(os.path.join(built.ROOT, 'docs', 'gate.schema.json'), encoding='utf-8') as file:
            json_schema.check(verdict, json.load(file))
        assert verdict['program_exit'] == 0
        self.process, = verdict['processes']
        return done

    def functions(self):
        return [leak.get('function') for leak in self.process['leaks']]


class TestOrder(Case):
    def test_by_what_leaks(self):
        """Exempt memory does not count, so the largest leak is listed however much was imported elsewhere."""
        self.write('helpers.py', 'import _leaky\n' + ''.join(
            'def p%d(n): _leaky.leaking(n)\n' % i for i in range(12)) +
            'ALL = [%s]\nfor p in ALL: p(100000)\nEND = bytes(5000)\n' % ', '.join('p%d' % i for i in range(12)))
        script = self.write('main.py', 'import _leaky, helpers\ndef real():\n    _leaky.leaking(30000)\n'
                                       'for p in helpers.ALL: p(600)\nreal()\n')
        done = self.judge(script)
        assert done.status == 1
        assert self.functions() == ['real'] + self.functions()[1:] and len(self.functions()) == 13
        rows = [line for line in done.stderr.splitlines() if line.startswith('         30000         1 ')]
        assert len(rows) == 1 and done.stderr.index(rows[0]) < done.stderr.index('suppress:')
        finding, = self.process['findings']
        assert (finding['bytes'], finding['blocks'], finding['confidence']) == (30000, 1, 'high')
        assert finding['stack'][0]['function'] in ('_leaky_leaking', 'leaking', 'real') or finding['site']


class TestImports(Case):
    MODULE = 'import _leaky\ndef build():\n    for _ in range(100): _leaky.leaking(2000)\nbuild()\n'

    def test_a_module_ends_in_a_call(self):
        self.write('late.py', self.MODULE)
        done = self.judge(self.write('main.py', 'import late\n'))
        assert done.status == 0, done.stderr
        assert self.process['set_aside']['import']['bytes'] >= 200000
        done = self.judge(self.write('main.py', 'import late\nlate.build()\n'))
        assert (done.status, self.process['leaked']['bytes']) == (1, 200000)

    def test_a_module_is_imported_again(self):
        self.write('late.py', self.MODULE)
        done = self.judge(self.write('main.py', 'import importlib, late\nimportlib.reload(late)\n'))
        assert done.status == 0, done.stderr
        assert self.process['set_aside']['import']['bytes'] >= 400000

    def test_the_program_is_no_import(self):
        done = self.judge(self.write('main.py', self.MODULE))
        assert (done.status, self.process['leaked']['bytes']) == (1, 200000)


class TestOwn(Case):
    def test_what_the_module_allocates(self):
        script = self.write('main.py', '''
import pymemflow
for i in range(5):
    pymemflow.mark('round')
    pymemflow.outstanding()
    pymemflow.growth_since('round')
''')
        done = self.judge(script)
        assert done.status == 0, done.stderr
        done = self.judge(script, '--max-growth=0')
        assert done.status == 0, done.stderr

    def test_what_a_limited_function_allocates(self):
        done = self.judge(self.write('main.py', '''
import _leaky, json, pymemflow
@pymemflow.limit_leaks('1MiB')
def leak(): _leaky.leaking(5000)
leak()
pymemflow.limit_leaks('1MiB')(_leaky.leaking)(7000)
'''))
        assert (done.status, self.process['leaked']['bytes']) == (1, 12000), done.stderr
