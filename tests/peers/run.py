"""Runs each victim of victims.py alone, under this library and under its peers, and prints the results
as a table in Markdown. Called by scripts/peers.

    run.py [--python PATH] [--rounds N] [--only TEXT]...

The first half of a cell is about the program: "as alone" if its exit code and output are those without
the tool. The second is about the record: how many of the allocations that the program is known to make
are in it. The worst of several runs is shown. Exit code 1: under this library a program was not as alone,
or something is missing and no line on stderr says why.
"""
import argparse
import collections
import contextlib
import os
import signal
import subprocess
import sys
import tempfile

import tools
import victims

TIMEOUT = 60
BUILD = os.path.join(tools.ROOT, 'build', 'release')

End = collections.namedtuple('End', 'status stdout stderr')  # status None: it hung
# A higher `rank` is worse.
Cell = collections.namedtuple('Cell', 'text rank')


def kill_all(folder):
    """Kills the processes that work in this folder: children of a killed program."""
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.readlink('/proc/%s/cwd' % name).startswith(folder) and int(name) != os.getpid():
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass


@contextlib.contextmanager
def folder_for(victim):
    """A folder for the record; on a file system of 512 KiB where the victim is about that."""
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, 'record')
        os.mkdir(place)
        if victim.on_small_disk:
            subprocess.check_call(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'none', place])
        try:
            yield place
        finally:
            if victim.on_small_disk:
                subprocess.check_call(['umount', '-l', place])


def paths():
    """The environment by which the victims find their libraries."""
    process = os.path.join(BUILD, 'tests', 'process')
    libraries = {'PMF_STORM': 'storm.so', 'PMF_LOADED': 'changes_hands.so',
                 'PMF_CHANGES_HANDS': 'changes_hands.so', 'PMF_ENDS_THREADS': 'ends_threads.so',
                 'PMF_LOADS_DEEPLY': 'loads_deeply.so', 'PMF_VICTIM': 'libvictim.so',
                 'PMF_SIGNAL_ALLOCATES': 'signal_allocates.so'}
    return {name: os.path.join(process, file) for name, file in libraries.items()}


class Runner:
    def __init__(self, python):
        self.python = python

    def fill(self, words, folder):
        places = {'victims': victims.VICTIMS, 'folder': folder,
                  'build': os.path.join(BUILD, 'tests', 'process')}
        return [self.python if word == 'python' else word.format(**places) for word in words]

    def end_of(self, tool, victim, folder):
        """None: the tool cannot run it."""
        command = tool.command(self.fill(victim.program, folder))
        if command is None:
            return None
        environment = {name: value for name, value in os.environ.items() if name != 'LD_PRELOAD'}
        environment.update(paths(), PYTHONPATH=os.path.join(BUILD, 'examples'),
                           PYTHONWARNINGS='ignore')
        environment.update({name: self.fill([value], folder)[0]
                            for name, value in victim.environment.items()})
        environment.update(tool.environment(self.fill(victim.before, folder),
                                            self.fill(victim.after, folder)))
        with tempfile.TemporaryDirectory() as work:
            process = subprocess.Popen(command, env=environment, cwd=work, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       start_new_session=True)
            try:
                text, said = process.communicate(timeout=TIMEOUT)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                kill_all(work)
                text, said, status = process.stdout.read(), b'', None
        return End(status, tool.without_own_lines(text.decode(errors='replace')),
                   tool.without_own_lines(said.decode(errors='replace')))

    def run(self, kind, victim):
        with folder_for(victim) as folder:
            tool = kind(self.python, folder)
            end = self.end_of(tool, victim, folder)
            return end, None if end is None else tool.allocations()


def about_program(end, alone, victim):
    if end.status is None:
        return 'hangs'
    # A shell around it says 128 + n.
    ends_alike = end.status in (alone.status, 128 - alone.status)
    if not ends_alike:
        return 'ends with %d, not %d' % (end.status, alone.status)
    if victim.steady_output and end.stdout != alone.stdout:
        return 'prints something else'
    return 'as alone'


def seen_of(record, expected, callers):
    """The number of expected allocations in the record. A surplus does not count: Python's own may have
    the same size."""
    caller_of = {size: name for name in callers for size in callers[name]}
    made, found = collections.Counter(), collections.Counter(record.callers)
    for size, count in expected.items():
        made[caller_of.get(size, size)] += count
        found[caller_of.get(size, size)] += record.sizes[size]
    return sum(min(found[what], count) for what, count in made.items())


def about_record(record, end, victim):
    """A text about the record, the number of missing allocations, and the number of wrong names."""
    try:
        expected = victim.expected(end.stdout) if callable(victim.expected) else victim.expected
    except (IndexError, ValueError):
        return '', 0, 0  # it did not come to print how many it made
    made = sum(expected.values())
    seen = seen_of(record, expected, victim.callers)
    said, wrong = ['%d of %d' % (seen, made) if made else 'readable'], 0
    if record.names and victim.named:
        wrong = sum(name not in record.names.get(size, ()) for size, name in victim.named.items())
        said.append('%d of %d names right' % (len(victim.named) - wrong, len(victim.named)))
    return ', '.join(said), made - seen, wrong


def cell(tool, end, record, alone, victim):
    if end is None:
        return Cell('cannot run it', 0)
    program = about_program(end, alone, victim)
    rank = 0 if program == 'as alone' else 8
    if record is None:
        if tool is tools.Pymemflow and not victim.is_python:
            return Cell(program + '; no Python, no record', rank)
        return Cell(program + '; no record', rank + 4)
    said, missing, wrong = about_record(record, end, victim)
    rank += 2 if wrong or missing else 0
    if missing and set(end.stderr.splitlines()) - set(alone.stderr.splitlines()):
        said += ', and says why'
        rank -= 1
    return Cell('; '.join(filter(None, (program, said))), rank)


def worst_of(cells):
    """The worst of some runs; how many were like it, where not all were."""
    worst = max(cells, key=lambda cell: cell.rank)
    number = sum(cell.rank == worst.rank for cell in cells)
    often = '' if number == len(cells) else ' (in %d of %d runs)' % (number, len(cells))
    return Cell(worst.text + often, worst.rank)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--only', action='append', default=[], metavar='TEXT')
    parser.add_argument('--rounds', type=int, default=3)
    arguments = parser.parse_args()
    runner = Runner(arguments.python)
    kinds = [kind for kind in tools.TOOLS if kind.version(arguments.python)]
    for kind in set(tools.TOOLS) - set(kinds):
        print('scripts/peers: no %s here' % kind.name, file=sys.stderr)
    print('| fault | victim | %s |' % ' | '.join(kind.version(arguments.python) for kind in kinds))
    print('|---|---|%s' % ('---|' * len(kinds)))
    status = 0
    for victim in victims.VICTIMS_TABLE:
        if arguments.only and not any(text in victim.title for text in arguments.only):
            continue
        alone, _ = runner.run(tools.Tool, victim)
        if alone.status != victim.status:
            print('scripts/peers: %s ends with %s by itself' % (victim.title, alone.status),
                  file=sys.stderr)
            status = 1
        cells = []
        for kind in kinds:
            result = worst_of([cell(kind, *runner.run(kind, victim), alone, victim)
                               for _ in range(arguments.rounds)])
            cells.append(result.text)
            status |= kind is tools.Pymemflow and result.rank > 1
        print('| %s | %s | %s |' % (victim.faults, victim.title, ' | '.join(cells)), flush=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
