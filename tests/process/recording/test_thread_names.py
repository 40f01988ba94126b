"""The names that the kernel has for the threads of a program are in its record."""
import glob
import json
import re

import pytest

import system_calls

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
TOOLS = '''
import ctypes, os, threading
libc = ctypes.CDLL(None)
def name_self(name):
    libc.prctl(15, name, 0, 0, 0)
def name_other(thread, name):
    assert libc.pthread_setname_np(ctypes.c_ulong(thread.ident), name) == 0
def work(rounds=1):
    for _ in range(rounds): bytes(1000)
def run(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads: thread.start()
    return threads
def join(threads):
    for thread in threads: thread.join()
'''


class TestThreadNames(system_calls.Case):
    def names(self, code, **options):
        """The names of the threads in the order of their ids, from three outputs that must agree."""
        run = self.trace.code(TOOLS + code, output=None, PYMEMFLOW_CAPTURE=self.path('c'), **options)
        assert run.stderr == '', run.stderr
        process = json.loads(self.cli('report', '--format=json', self.path('c')).stdout)['process']
        names = {thread['id']: thread['name'] for thread in process['threads']}
        told = re.findall(r'thread +(\d+) (.*)\n', self.cli('info', self.path('c')).stdout)
        assert {int(thread): name for thread, name in told} == {
            thread: name.replace('\n', '\\n') for thread, name in names.items()}
        text = self.cli('report', '--flow-columns=thread', self.path('c')).stdout
        shown = dict(re.findall(r'^ *(\d+)/(\S+).* -> ', text, re.M))
        assert shown
        for thread, name in shown.items():
            assert name == names[int(thread)].replace(' ', '_').replace('\n', '\\n')
        return [name for _, name in sorted(names.items())]

    def test_of_threads_that_name_themselves(self):
        own = self.names('def named(): name_self(b"my worker"); work()\njoin(run(named, work))')
        assert own[1:] == ['my worker', own[0]]  # a thread inherits its name

    def test_that_other_threads_give(self):
        assert self.names('''
def wait():
    work()
    begun.set(); goes.wait()
begun, goes = threading.Event(), threading.Event()
threads = run(wait)
begun.wait()
name_other(threads[0], b"given")
name_other(threading.main_thread(), b"the main one")
goes.set()
join(threads)''') == ['the main one', 'given']

    def test_the_last_name_counts(self):
        assert self.names('for n in range(50): name_self(b"name %d" % n); work()')[0] == 'name 49'

    def test_found_when_a_block_is_full(self):
        """A name that comes by a file, which no hook sees."""
        assert self.names('''
with open("/proc/self/comm", "w") as file: file.write("by a file")
work(20000)''')[0] == 'by a file'

    def test_hostile_names(self):
        assert self.names('name_self(b"a\\nb  c"); work()')[0] == 'a\nb  c'

    def test_of_a_pause_and_of_a_child(self):
        self.trace.code(TOOLS + '''
libc.pymemflow_stop(); name_self(b"in a pause"); libc.pymemflow_start(); work()
if os.fork() == 0: name_self(b"child"); work(); os._exit(0)
os.wait()''', output=None, PYMEMFLOW_CAPTURE=self.path('%p'))
        texts = [self.cli('info', path).stdout for path in glob.glob(self.path('*'))]
        assert sorted(re.search(r'thread +\d+ (.*)\n', text).group(1) for text in texts) == ['child', 'in a pause']

    @pytest.mark.parametrize('action', ['KILL', 'ERRNO'])
    def test_under_a_filter_of_the_call(self, action):
        number = {'KILL': system_calls.KILL, 'ERRNO': system_calls.ERRNO | system_calls.EPERM}[action]
        run = self.both(TOOLS + '''
install(rows_for([157], %d))
for _ in range(3): join(run(lambda: work(20000)))
print("went on")''' % number, output=None, PYMEMFLOW_CAPTURE=self.path('c'))
        assert run.stdout == 'went on\n' and run.stderr == ''
