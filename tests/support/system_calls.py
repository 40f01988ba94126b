"""Filters of system calls (seccomp) for tests: programs that install one, and a base class that runs them."""
import subprocess

import cases
import reports

KILL, TRAP, ERRNO, ALLOW = 0x80000000, 0x00030000, 0x00050000, 0x7fff0000
EPERM, EINVAL, ENOSYS = 1, 22, 38
MADVISE, VM_READV, PREAD, WIPE_ON_FORK = 28, 310, 17, 18

# Filters are lists of rows (code, jump if true, jump if false, constant).
TOOLS = '''
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def head_of(rows):
    global program
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
    return ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(rows), ctypes.addressof(program)))
def rows_for(calls, action):
    rows = [(0x20, 0, 0, 0)]
    for call in calls: rows += [(0x15, 0, 1, call), (6, 0, 0, action)]
    return rows + [(6, 0, 0, 0x7fff0000)]
def install(rows):
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, head_of(rows), 0, 0) == 0
'''
# Installs a filter and becomes the program that the arguments name.
RUN = TOOLS + '''
rows = [(0x20, 0, 0, 0)]
for each in sys.argv[1].split(","):
    call, error = map(int, each.split(":"))
    if call == %d:  # one kind of advice alone
        rows += [(0x15, 0, 4, call), (0x20, 0, 0, 32), (0x15, 0, 1, %d), (6, 0, 0, 0x50000 | error),
                 (0x20, 0, 0, 0)]
    else:
        rows += [(0x15, 0, 1, call), (6, 0, 0, 0x50000 | error)]
install(rows + [(6, 0, 0, 0x7fff0000)])
os.execvp(sys.argv[2], sys.argv[2:])
''' % (MADVISE, WIPE_ON_FORK)


class Case(cases.Case):
    def sizes(self, text):
        return {event.arguments[-1] for event in reports.Report(text).events}

    def filtered(self, refused, *words, **options):
        """Runs the words where calls are refused: {call: error}."""
        calls = ','.join('%d:%d' % each for each in refused.items())
        variables = {name: value for name, value in options.items() if name.isupper()}
        done = subprocess.run(
            ['/usr/bin/env', '-u', 'LD_PRELOAD', self.python.path, '-c', RUN, calls, 'env',
             'LD_PRELOAD=' + self.build.library, *words],
            env=dict(self.environment, **variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, timeout=100, check=False)
        return done

    def both(self, code, **options):
        """The run under the library; its end and output are those without it."""
        plain = self.trace.code(TOOLS + code, preload=False, **options)
        run = self.trace.code(TOOLS + code, **options)
        assert (run.status, run.stdout) == (plain.status, plain.stdout), (plain, run.stderr)
        return run
