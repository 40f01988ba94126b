"""The processes that make the report are killed, as by the kernel when memory runs out: one line says where the record
is. The report goes to a FIFO whose reader waits, so that it is being made at that time."""
import contextlib
import os
import re
import select
import signal
import subprocess
import time

import pytest

from end_cases import EndCase, has_block

pytestmark = [pytest.mark.known_python, pytest.mark.one_python]

CODE = 'import os, sys\nbytes(77777)\nfor _ in range(5000): bytes(4001)\n'


def children_of(parent):
    children = []
    for name in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError):
            with open('/proc/%s/stat' % name) as file:
                if int(file.read().rpartition(')')[2].split()[1]) == parent:
                    children.append(int(name))
    return children


class TestKilled(EndCase):
    @contextlib.contextmanager
    def report_begun(self, end, **variables):
        """The host, the process that waits for the reporter, and the reporter."""
        fifo = self.path('fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        environment = dict(self.environment, LD_PRELOAD=self.build.library, PYMEMFLOW_OUTPUT=fifo, TMPDIR=self.folder,
                           **variables)
        host = subprocess.Popen([self.python.path, '-c', CODE + end], env=environment, stderr=subprocess.PIPE)
        waiting = select.poll()
        waiting.register(reader, select.POLLIN)
        until = time.monotonic() + 60
        while not waiting.poll(5) and host.poll() is None:
            assert time.monotonic() < until
        try:
            intermediate, = children_of(host.pid)
            reporter, = children_of(intermediate)
            yield host, intermediate, reporter
        finally:
            os.close(reader)
            host.kill()
            host.communicate()

    @pytest.mark.parametrize('end', ['sys.exit(5)', 'os._exit(5)'])
    @pytest.mark.parametrize('name', [None, 'capture'])
    @pytest.mark.parametrize('which, reason', [
        ('both', 'the process that waits for the reporter was killed, so the report may be missing or incomplete'),
        ('reporter', 'the reporter was killed by signal 9')])
    def test_line(self, which, reason, name, end):
        variables = {'PYMEMFLOW_CAPTURE': self.path(name)} if name else {}
        with self.report_begun(end, **variables) as (host, intermediate, reporter):
            if which == 'both':
                os.kill(intermediate, signal.SIGKILL)
            os.kill(reporter, signal.SIGKILL)
            err = host.communicate(timeout=60)[1].decode()
            assert host.returncode == 5
        kept = re.fullmatch('pymemflow: %s: the record is kept; print its report with: pymemflow report (/.*)\n' % reason,
                            err)
        assert kept, err
        if name:
            assert kept.group(1) == self.path(name)
        report = self.cli.report(kept.group(1))
        assert report.lost == 0 and has_block(report)
