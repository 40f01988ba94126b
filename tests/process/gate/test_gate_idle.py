"""pymemflow gate: what the interpreter keeps when it does nothing, too, is measured and does not count."""
import json

import pytest

import cases

pytestmark = pytest.mark.known_python

# Each makes the interpreter or the C library keep memory for good.
USES = '''
import ast, locale, multiprocessing, os, sys
def syntax_tree(): ast.parse('x = 1')
def user_locale(): locale.setlocale(locale.LC_ALL, 'C.UTF-8')
def child():
    process = multiprocessing.get_context('fork').Process(target=os.getpid)
    process.start()
    process.join()
syntax_tree(), user_locale(), child()
'''


class TestIdleRun(cases.Case):
    def judge(self, script, limit='2KiB', **environment):
        """The exit code of the gate on the program, and its processes. Every Python that starts under the gate
        leaves a line in the file `starts`."""
        self.write('sitecustomize.py', 'with open(%r, "a") as file: file.write("start\\n")\n' % self.path('starts'))
        self.write('starts', '')
        self.environment.update(PYTHONPATH=self.folder + ':' + self.build.examples, LC_ALL='C.UTF-8',
                                **environment)
        done = self.cli('gate', '--max-leak', limit, '--json', self.path('verdict.json'), '--', self.python.path,
                        self.write('main.py', script), env=self.environment, cwd=self.folder)
        return done, json.loads(self.read('verdict.json'))['processes']

    def starts(self):
        return self.read('starts').count('start')

    def test_what_the_interpreter_keeps(self):
        done, processes = self.judge(USES)
        kept = sum(process['set_aside']['measured']['bytes'] for process in processes)
        assert done.status == 0, done.stderr
        assert kept > 2048 and self.starts() == 2, done.stderr

    def test_a_leak_beside_it(self):
        done, processes = self.judge(USES + 'import _leaky\ndef loses(): _leaky.leaking(5000)\nloses()\n')
        assert done.status == 1, done.stderr
        process, = [process for process in processes if process['verdict'] == 'over']
        assert process['leaks'][0]['function'] == 'loses' and process['leaks'][0]['bytes'] == 5000
        assert process['leaked']['bytes'] < 5000 + 2048

    def test_only_where_a_limit_may_be_exceeded(self):
        done, _ = self.judge('pass', '64KiB')
        assert (done.status, self.starts()) == (0, 1), done.stderr
