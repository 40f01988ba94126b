"""The host waits for its report, but no longer than somebody reads it."""
import os
import subprocess
import time

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]

CHURN = ('#include <stdlib.h>\n'
         'void churn(int n) { while (n--) free(malloc(1000 + n % 7)); }\n')


class TestReaders(cases.Case):
    """The summary of a large record: its analysis takes seconds before the first byte is written."""

    @pytest.fixture(autouse=True)
    def code(self, fixtures, length):
        self.write('churn.c', CHURN)
        subprocess.check_call(['cc', '-O1', '-fno-builtin', '-shared', '-fPIC', '-o', self.path('churn.so'),
                               self.path('churn.c')])
        self.code = ('import ctypes, os, signal, sys\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n'
                     'ctypes.CDLL(%r).churn(%d)\nos.write(int(sys.argv[1]), b"now")\nsys.exit(5)\n'
                     % (self.path('churn.so'), length.pick(20000000, 60000000)))

    def start(self, output, other, **streams):
        """The process, after it has written to `other` that its end begins."""
        environment = dict(self.environment, LD_PRELOAD=self.build.library, PYMEMFLOW_FORMAT='summary')
        if output is not None:
            environment['PYMEMFLOW_OUTPUT'] = output
        return subprocess.Popen([self.python.path, '-c', self.code, str(other)], env=environment, **streams)

    def seconds(self, process, read, abandon):
        """The time from the beginning of its end, with a reader or without one."""
        assert os.read(read, 3) == b'now'
        started = time.monotonic()
        time.sleep(0.1)
        abandon()
        assert process.wait(timeout=100) == 5
        return time.monotonic() - started

    def with_a_reader(self):
        process = self.start('/dev/null', 1, stdout=subprocess.PIPE)
        return self.seconds(process, process.stdout.fileno(), lambda: None)

    def check_ends_sooner(self, end_without_a_reader):
        """Something else may slow one run down, but not each of five: without the feature both take the same time."""
        seen = []
        for _ in range(5):
            seen.append((self.with_a_reader(), end_without_a_reader()))
            whole, alone = seen[-1]
            if alone < 0.2 + whole / 2:
                return
        raise AssertionError(seen)

    def test_pipe(self):
        def end():
            process = self.start(None, 1, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            return self.seconds(process, process.stdout.fileno(), process.stderr.close)
        assert self.with_a_reader() > 0.6
        self.check_ends_sooner(end)

    def test_standard_output(self):
        def end():
            process = self.start('/dev/stdout', 2, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            seconds = self.seconds(process, process.stderr.fileno(), process.stdout.close)
            assert process.stderr.read() == b''
            return seconds
        self.check_ends_sooner(end)

    def test_fifo(self):
        os.mkfifo(self.path('fifo'))

        def end():
            process = self.start(self.path('fifo'), 1, stdout=subprocess.PIPE)
            reader = os.open(self.path('fifo'), os.O_RDONLY | os.O_NONBLOCK)

            def abandon():
                time.sleep(0.2)
                os.close(reader)
            return self.seconds(process, process.stdout.fileno(), abandon)
        self.check_ends_sooner(end)

    def test_a_slow_reader_gets_all(self):
        process = self.start(None, 1, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.read(3) == b'now'
        time.sleep(1)
        text = process.stderr.read().decode()
        assert process.wait(timeout=100) == 5
        assert text.endswith(' 0 lost\n') and text.startswith('resident at the end ')
