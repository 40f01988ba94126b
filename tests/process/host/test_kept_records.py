"""The reporter cannot be started, and the record is kept: with no descriptor left, from a disk where
nothing may be executed, and under limits of processes."""
import os
import re

import pytest

import cases
import reports

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.needs_root]
NOBODY = 65534

REFUSE_EXEC = '''
import ctypes, struct
libc = ctypes.CDLL(None)
rows = [(0x20, 0, 0, 0), (0x15, 0, 1, 59), (6, 0, 0, 0x00050001), (6, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *r) for r in rows))
head = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", 4, ctypes.addressof(program)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, head, 0, 0) == 0
'''


class Case(cases.Case):
    def check_kept(self, run, reason):
        assert run.stderr.count('\n') == 1, run.stderr
        match = re.search('pymemflow report (/.*)\n', run.stderr)
        assert match and reason in run.stderr, run.stderr
        done = self.cli('report', match.group(1))
        os.remove(match.group(1))
        assert done.status == 0
        report = reports.Report(done.stdout)
        assert report.lost == 0 and '77810' in report.text


@pytest.mark.needs_namespaces('--mount')
@pytest.mark.skipif(os.uname().machine != 'x86_64', reason='numbers of system calls of x86-64')
class TestDescriptors(Case):
    """The record is in memory, since no folder took a file without a name, and has to be copied."""
    HIDE = 'mount --bind /proc/sys /var/tmp && mount --bind /proc/sys /tmp && exec "$@"'

    def run_hidden(self, code):
        words = ['unshare', '-m', 'sh', '-c', self.HIDE, 'sh', 'env', 'LD_PRELOAD=' + self.build.library,
                 self.python.path, '-c', code]
        return self.trace.program(words, preload=False)

    @pytest.mark.parametrize('use', ['while True: os.open("/dev/null", 0)', 'while True: os.pipe()',
                                     'while True: os.dup(2)'])
    @pytest.mark.parametrize('hard', [True, False])
    def test_used_up(self, use, hard):
        limit = ('soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n'
                 'resource.setrlimit(resource.RLIMIT_NOFILE, (64, %s))\n' % (64 if hard else 'hard'))
        code = ('import os, resource\nbytes(77777)\n' + REFUSE_EXEC +
                'assert libc.umount2(b"/tmp", 2) == 0 and libc.umount2(b"/var/tmp", 2) == 0\n' + limit +
                'try:\n    %s\nexcept OSError: pass\nos._exit(6)' % use)
        run = self.run_hidden(code)
        assert run.status == 6
        self.check_kept(run, 'Operation not permitted')

    def test_no_descriptor_may_be_had(self):
        code = ('import os, resource\nbytes(77777)\n' + REFUSE_EXEC +
                'resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\nos._exit(6)')
        run = self.run_hidden(code)
        assert run.status == 6 and run.stderr.count('\n') == 1
        assert 'the record cannot be kept' in run.stderr


class TestDisk(Case):
    @pytest.mark.needs_namespaces('--mount')
    @pytest.mark.parametrize('end', ['os._exit(6)', 'sys.exit(6)'])
    def test_nothing_may_be_executed_from_it(self, end):
        """The library was mapped before the disk was mounted again with noexec."""
        prepare = ('mkdir -p "$0/disk" && mount -t tmpfs none "$0/disk" && cp "$1" "$0/disk/library.so" && '
                   'shift && exec env LD_PRELOAD="$0/disk/library.so" "$@"')
        code = ('import ctypes, os, sys\nbytes(77777)\nMS_REMOUNT, MS_NOEXEC = 32, 8\n'
                'libc = ctypes.CDLL(None, use_errno=True)\n'
                'assert libc.mount(b"none", %r, b"tmpfs", MS_REMOUNT | MS_NOEXEC, 0) == 0, '
                'ctypes.get_errno()\n%s' % (os.fsencode(self.path('disk')), end))
        run = self.trace.program(['unshare', '-m', 'sh', '-c', prepare, self.folder, self.build.library,
                                  self.python.path, '-c', code], preload=False, TMPDIR=self.folder)
        assert run.status == 6
        self.check_kept(run, 'Permission denied')


class TestProcesses(Case):
    @pytest.mark.parametrize('end', ['os._exit(6)', 'sys.exit(6)'])
    def test_limit_of_the_user(self, end):
        os.chmod(self.folder, 0o777)
        code = ('import os, resource, sys\nbytes(77777)\nos.setgroups([])\nos.setgid(%d)\nos.setuid(%d)\n'
                'resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n'
                'try: os.fork()\nexcept BlockingIOError: pass\nelse: os._exit(9)\n%s' % (NOBODY, NOBODY, end))
        run = self.trace.code(code, output=None, TMPDIR=self.folder)
        if run.status == 9:
            pytest.skip('RLIMIT_NPROC does not limit this user here')
        assert run.status == 6
        self.check_kept(run, 'Resource temporarily unavailable')

    @pytest.mark.parametrize('limit', [1, 2])
    def test_limit_of_the_control_group(self, limit):
        """With 1 the intermediate process cannot be made, with 2 the reporter."""
        group = '/sys/fs/cgroup/pids/pymemflow-%d' % os.getpid()
        if not os.path.isdir('/sys/fs/cgroup/pids'):
            group = '/sys/fs/cgroup/pymemflow-%d' % os.getpid()
        try:
            os.mkdir(group)
        except OSError as error:
            pytest.skip('no control group can be made here: %s' % error)
        try:
            if not os.path.exists(group + '/pids.max'):
                pytest.skip('no control group limits processes here')
            code = ('import os\nbytes(77777)\nfor name, text in (("pids.max", "%d"), ("cgroup.procs", "0")):\n'
                    '    with open(%r + name, "w") as file: file.write(text)\nos._exit(6)'
                    % (limit, group + '/'))
            run = self.trace.code(code, output=None, TMPDIR=self.folder)
        finally:
            os.rmdir(group)
        assert run.status == 6
        self.check_kept(run, 'Resource temporarily unavailable')
