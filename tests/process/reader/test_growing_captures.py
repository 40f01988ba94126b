"""A capture is read while its process writes to it: it is never damaged, and none of its events is lost."""
import re
import signal
import subprocess

import pytest

import cases
import reports

pytestmark = [pytest.mark.one_python, pytest.mark.known_python]
# Works until it is killed, at a rate at which the capture stays small however slow its readers are.
PROGRAM = '''
import sys, threading, time
def work(first):
    for size in range(first, first + 100000000, 4):
        bytes(size % 9000 + 1000)
        if size % 64 == first: time.sleep(0.001)
def makes():
    for n in range(100000000):
        exec("def f%d(): return bytes(70000)\\nf%d()" % (n, n))
        time.sleep(0.002)
for act in [lambda n=n: work(n) for n in range(3)] + [makes]:
    threading.Thread(target=act, daemon=True).start()
print("runs", flush=True)
sys.stdin.read()
'''
MODES = {'full': {}, 'ring': {'PYMEMFLOW_RING': '256KiB'}, 'sums': {'PYMEMFLOW_FLOW': '0'}}
READINGS = 6


class TestReadings(cases.Case):
    @pytest.fixture(params=MODES.values(), ids=MODES)
    def running(self, fixtures, request):
        self.mode = request.param
        process = subprocess.Popen(
            [self.python.path, '-c', PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(self.environment, LD_PRELOAD=self.build.library, PYMEMFLOW_CAPTURE=self.path('c'),
                     PYMEMFLOW_CAPTURE_LIMIT='1GiB', **self.mode))
        assert process.stdout.readline() == b'runs\n'
        yield process
        process.send_signal(signal.SIGKILL)
        process.communicate()

    def check(self, text):
        assert 'damaged' not in text and 'left out' not in text
        assert re.search(r'\d+ events recorded, 0 lost', text)

    def test_reports(self, running):
        """Each has at least the events of the one before."""
        recorded = []
        for _ in range(READINGS):
            text = self.cli('report', self.path('c'), '--format=distributions').stdout
            self.check(text)
            recorded.append(int(re.search(r'(\d+) events recorded', text).group(1)))
        assert running.poll() is None and recorded == sorted(recorded)
        if self.mode == {}:
            report = reports.Report(self.cli('report', self.path('c')).stdout)
            report.check_sums()

    def test_other_commands(self, running):
        for _ in range(READINGS):
            info = self.cli('info', self.path('c'))
            assert info.status == 0 and 'it was killed or is still running' in info.stdout
            assert 'damaged' not in info.stdout
            if self.mode != {}:
                continue
            assert '"damaged": 0' in self.cli('report', self.path('c'), '--format=json').stdout
            gate = self.cli('gate', '--max-leak=1TiB', self.path('c'))
            assert gate.status == 2 and 'still runs, so its record is not complete' in gate.stderr, gate
            assert self.cli('diff', self.path('c'), self.path('c')).status == 0
        assert running.poll() is None

    def test_after_the_kill(self, running):
        before = self.cli('report', self.path('c'), '--format=distributions').stdout
        running.send_signal(signal.SIGKILL)
        running.wait()
        after = self.cli('report', self.path('c'), '--format=distributions').stdout
        for text in (before, after):
            self.check(text)
        assert 'did not end by itself' in after
