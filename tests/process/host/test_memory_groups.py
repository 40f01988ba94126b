"""A record in memory takes at most an eighth of what the control groups of the program allow: the
program ends as it does alone, and the record says where it stopped."""
import os
import re
import subprocess

import pytest

import cases

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.needs_root,
              pytest.mark.needs_namespaces('--mount')]
LIMIT = 100 << 20
V1, V2 = '/sys/fs/cgroup/memory', '/sys/fs/cgroup'

CHURN = ('#include <stdlib.h>\n'
         'void churn(int n) { while (n--) free(malloc(1000 + n % 7)); }\n')
# $1 is the group, $2 where a file can be made without a name; "none": nowhere.
IN_GROUP = ('echo $$ >"$1/cgroup.procs" && mount --bind /sys/kernel /var/tmp && '
            'mount -t tmpfs none /mnt && cp "$3"/* /mnt && cd /mnt && mount --bind /sys/kernel /tmp && '
            'shift 3 && exec "$@"')


def make_group(name):
    """The folder of a new group that can limit memory, and the name of its limit."""
    for parent, limit in ((V1, 'memory.limit_in_bytes'), (V2, 'memory.max')):
        folder = os.path.join(parent, name)
        if not os.path.exists(os.path.join(parent, 'cgroup.procs')):
            continue
        try:
            os.mkdir(folder)
        except OSError:
            continue
        if os.path.exists(os.path.join(folder, limit)):
            return folder, limit
        os.rmdir(folder)
    pytest.skip('no control group of memory can be made here')


def set_limit(folder, name, limit):
    with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
        file.write(str(limit))


class TestGroups(cases.Case):
    @pytest.fixture(autouse=True)
    def group(self, fixtures):
        outer, limit = make_group('pymemflow-%d' % os.getpid())
        self.group, self.limit = outer, limit
        yield
        for folder in (os.path.join(outer, 'inner'), outer):
            if os.path.exists(folder):
                os.rmdir(folder)

    def run_in_group(self, code, **variables):
        files = self.path('files')
        os.makedirs(files)
        with open(os.path.join(files, 'churn.c'), 'w', encoding='ascii') as file:
            file.write(CHURN)
        subprocess.check_call(['cc', '-O1', '-fno-builtin', '-shared', '-fPIC', '-o', 'churn.so',
                               'churn.c'], cwd=files)
        start = 'import ctypes, os, sys\nchurn = ctypes.CDLL("./churn.so").churn\n'
        # The shell is not traced.
        words = ['unshare', '-m', 'sh', '-c', IN_GROUP, 'sh', self.group, '-', files,
                 'env', 'LD_PRELOAD=' + self.build.library, 'PYMEMFLOW_OUTPUT=/dev/stdout',
                 *('%s=%s' % item for item in variables.items()), self.python.path, '-c', start + code]
        return self.trace.program(words, preload=False, timeout=300)

    @staticmethod
    def stopped_at(run):
        match = re.search(r'the record reached its limit of (\d+) bytes', run.stdout + run.stderr)
        assert match, (run.stdout[-300:], run.stderr)
        return int(match.group(1))

    @pytest.mark.parametrize('where', ['none', '/mnt'])
    def test_20_million_pairs(self, where):
        """The record has no file (memfd), or one in a tmpfs."""
        set_limit(self.group, self.limit, LIMIT)
        options = {} if where == 'none' else {'TMPDIR': where}
        run = self.run_in_group('churn(20000000); os.write(2, b"end "); sys.exit(7)', **options)
        assert run.status == 7 and run.stderr.startswith('end ')
        assert 0 < self.stopped_at(run) <= LIMIT // 8
        recorded = int(re.search(r'(\d+) events recorded', run.stdout).group(1))
        assert recorded > 500000

    @pytest.mark.parametrize('options', [{'PYMEMFLOW_FLOW': '0'}, {'PYMEMFLOW_RING': '256KiB'}])
    def test_records_that_do_not_grow(self, options):
        set_limit(self.group, self.limit, LIMIT)
        run = self.run_in_group('churn(3000000); sys.exit(7)', **options)
        assert (run.status, run.stderr) == (7, '')

    def test_limit_of_a_group_above(self):
        inner = os.path.join(self.group, 'inner')
        os.mkdir(inner)
        if not os.path.exists(os.path.join(inner, self.limit)):
            pytest.skip('a group in a group limits no memory here')
        set_limit(self.group, self.limit, LIMIT)
        self.group = inner
        run = self.run_in_group('churn(5000000); sys.exit(7)')
        assert run.status == 7
        assert 0 < self.stopped_at(run) <= LIMIT // 8

    def test_forked_child(self):
        set_limit(self.group, self.limit, LIMIT)
        run = self.run_in_group('if os.fork() == 0: churn(3000000); os._exit(5)\n'
                                'sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))',
                                PYMEMFLOW_OUTPUT='/dev/null')
        assert run.status == 5
        assert 0 < self.stopped_at(run) <= LIMIT // 8

    def test_own_limit_of_the_user(self):
        set_limit(self.group, self.limit, LIMIT)
        run = self.run_in_group('churn(5000000); sys.exit(7)', PYMEMFLOW_CAPTURE_LIMIT='20MiB')
        assert run.status == 7 and self.stopped_at(run) == 20 << 20
