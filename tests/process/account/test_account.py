"""The account at the head of the summary: its parts add up to what the kernel says is resident."""
import json
import os
import re
import subprocess

import pytest

import cases
from account_programs import NAMES

pytestmark = [pytest.mark.stable_abi, pytest.mark.known_python]
PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'account_programs.py')
UNITS = {'bytes': 1, 'KiB': 1 << 10, 'MiB': 1 << 20}
LINE = re.compile(r'^( *)(\S.*?)  +([\d,.]+) (bytes|KiB|MiB)(?:    (.*))?$')
MIB = 1 << 20


def lines_of(text):
    """[(indent, label, bytes, note)] of the account, which an empty line ends."""
    found = []
    for line in text.split('\n\n')[0].splitlines():
        match = LINE.match(line)
        assert match, line
        found.append((len(match[1]), match[2], float(match[3].replace(',', '')) * UNITS[match[4]], match[5] or ''))
    return found


class Case(cases.Case):
    def accounts(self, *words, **options):
        """[(process id, account, profile)] of a program, from the reports at the end of its processes"""
        run = self.trace(*words, output='output.%p', PYMEMFLOW_FORMAT='json', **options)
        assert (run.status, run.stderr) == (0, ''), run.stderr
        profiles = [json.loads(text) for _, text in sorted(run.texts.items())]
        return run, {profile['process']['id']: profile['account'] for profile in profiles}

    def of(self, account, part):
        return {each['part']: each for each in account['parts']}[part]

    def check_sum(self, account):
        assert account['is_known']
        assert sum(each['bytes'] for each in account['parts']) == account['resident_bytes']
        assert account['peak_bytes'] >= account['resident_bytes'] * 0.98 - MIB

    def check_explained(self, account):
        unexplained = self.of(account, 'unexplained')['bytes']
        assert unexplained <= max(account['resident_bytes'] * 0.05, 4 * MIB), account


class TestAccount(Case):
    def test_adds_up_to_what_the_kernel_says(self):
        run, accounts = self.accounts(PROGRAMS, 'small')
        account = accounts[run.pid]
        self.check_sum(account)
        self.check_explained(account)
        assert abs(account['resident_bytes'] - int(run.stdout)) < 2 * MIB
        blocks = self.of(account, 'blocks')
        assert blocks['bytes'] > 1000 * 3000
        assert self.of(account, 'arenas')['bytes'] > 5 * MIB
        # The blocks between those that are kept.
        assert self.of(account, 'free')['bytes'] + self.of(account, 'pinned')['bytes'] > 8 * MIB

    def test_what_was_never_touched_is_not_resident(self):
        program = self.write('program.py', 'import ctypes, os\n'
                             'libc = ctypes.CDLL(None)\n'
                             'libc.malloc.restype = libc.calloc.restype = ctypes.c_void_p\n'
                             'kept = libc.malloc(ctypes.c_size_t(1 << 30))\n'
                             'read = libc.calloc(1, ctypes.c_size_t(1 << 26))\n'
                             'written = libc.malloc(ctypes.c_size_t(1 << 25))\n'
                             'ctypes.string_at(read, 1 << 26).count(b"x")\n'
                             'ctypes.memset(written, 1, 1 << 25)\n'
                             'os._exit(0)\n')
        run, accounts = self.accounts(program)
        blocks = self.of(accounts[run.pid], 'blocks')
        self.check_sum(accounts[run.pid])
        assert 32 * MIB <= blocks['bytes'] < 37 * MIB
        assert blocks['leaked_holder']['line'] == 6 and abs(blocks['leaked_holder']['bytes'] - (1 << 25)) < 5000

    def test_summary(self):
        program = self.write('program.py', 'import ctypes, os\n'
                             'def load():\n'
                             '    ctypes.memset(ctypes.CDLL(None).malloc(20000000), 1, 0)\n'
                             '    return [bytearray(30000) for _ in range(400)]\n'
                             'kept = load()\n'
                             'os._exit(0)\n')
        run = self.trace(program, output='output', PYMEMFLOW_FORMAT='summary')
        (head, *parts) = lines_of(run.texts['output'])
        assert head[:2] == (0, 'resident at the end') and head[3].startswith('peak ')
        direct = [part for part in parts if part[0] == 2]
        assert direct[-1][1] == 'unexplained'
        assert abs(sum(part[2] for part in direct) - head[2]) < 0.06 * MIB * len(direct)
        blocks = direct[0]
        assert blocks[1] == 'live C blocks'
        assert re.match(r'of which leaked [\d.]+ MiB -> program\.py:4 ', blocks[3]), blocks
        assert '\n\nprocess:' in run.texts['output']

    def test_a_kept_capture_has_it(self):
        """The report of the command is that at the end."""
        capture = self.path('kept.pmf')
        run = self.trace(PROGRAMS, 'small', output='output', PYMEMFLOW_FORMAT='json', PYMEMFLOW_CAPTURE=capture)
        at_end = json.loads(run.texts['output'])
        done = self.cli('report', '--format', 'json', capture)
        assert json.loads(done.stdout)['account'] == at_end['account']
        compressed = self.path('small.pmfz')
        assert self.cli('compress', capture, '-o', compressed).status == 0
        done = self.cli('report', '--format', 'json', compressed)
        assert json.loads(done.stdout)['account'] == at_end['account']

    def test_an_exec_that_fails(self):
        program = self.write('program.py', 'import os\nkept = bytearray(20000000)\n'
                             'try:\n    os.execv("/nowhere/to/be", ["x"])\nexcept OSError:\n    pass\n'
                             'del kept\nos._exit(0)\n')
        capture = self.path('kept.pmf')
        self.trace(program, PYMEMFLOW_CAPTURE=capture)
        account = json.loads(self.cli('report', '--format', 'json', capture).stdout)['account']
        self.check_sum(account)
        assert self.of(account, 'blocks')['bytes'] < 10 * MIB

    def test_a_killed_process_has_no_map(self):
        program = self.write('program.py', 'import os, signal\nkept = bytearray(2000000)\n'
                             'os.kill(os.getpid(), signal.SIGKILL)\n')
        capture = self.path('kept.pmf')
        self.trace(program, PYMEMFLOW_CAPTURE=capture)
        account = json.loads(self.cli('report', '--format', 'json', capture).stdout)['account']
        assert not account['is_known'] and 'was killed' in account['problem']
        assert self.of(account, 'blocks')['bytes'] > 2000000
        text = self.cli('report', '--format', 'summary', capture).stdout
        assert text.startswith('resident at the end     unknown: the record does not reach the end of the process')

    def test_a_forked_child(self):
        program = self.write('program.py', 'import os\nkept = [bytearray(1000) for _ in range(20000)]\n'
                             'if os.fork() == 0:\n    own = bytearray(5000000)\n    os._exit(0)\n'
                             'os.wait()\nos._exit(0)\n')
        run, accounts = self.accounts(program)
        assert len(accounts) == 2
        for pid, account in accounts.items():
            self.check_sum(account)
            self.check_explained(account)
            if pid == run.pid:
                assert self.of(account, 'parents')['bytes'] == 0
            else:
                assert self.of(account, 'parents')['bytes'] > 15 * MIB
                assert 5000000 <= self.of(account, 'blocks')['bytes'] < 6000000


@pytest.mark.one_python
class TestRealPrograms(Case):
    @pytest.mark.parametrize('name', NAMES)
    def test_unexplained_is_little(self, name):
        python = os.environ.get('PMF_ACCOUNT_PYTHON', self.python.path)
        packages = {'pillow': 'PIL', 'server': 'asyncio', 'children': 'multiprocessing', 'threads': 'threading'}
        package = packages.get(name, name)
        if subprocess.run([python, '-c', 'import ' + package], stderr=subprocess.DEVNULL, check=False).returncode:
            pytest.skip('%s has no package %s; PMF_ACCOUNT_PYTHON names another Python' % (python, package))
        run = self.trace.program([python, PROGRAMS, name], output='output.%p', PYMEMFLOW_FORMAT='json')
        assert run.status == 0, run.stderr
        for text in run.texts.values():
            profile = json.loads(text)
            self.check_sum(profile['account'])
            self.check_explained(profile['account'])
            if profile['process']['id'] == run.pid:
                resident = profile['account']['resident_bytes']
                assert abs(resident - int(run.stdout)) < max(2 * MIB, resident * 0.02)
