#!/usr/bin/env python3
"""Measures the cost of probes for a program that only calls Python functions: fib(21), the minimum of 15,
untraced, with frame attribution, with probe attribution, and under the real DTrace if one is named.

  bench/probe_cost.py [--dtrace PATH] [PYTHON...]      the Pythons of pyenv and /usr/bin otherwise

Each variant runs in three processes, alternating, on one processor; the figure is the best of all.
"""
import argparse
import glob
import os
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(ROOT, 'build/release/libpymemflow.so')
CHILD = '''
import sys, time
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
sys.stdin.readline()
best = 1e9
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    fib(21)
    best = min(best, time.perf_counter() - start)
print(best)
'''
OURS = {'LD_PRELOAD': LIBRARY, 'PYMEMFLOW_OUTPUT': os.devnull}
VARIANTS = (('untraced', {}), ('frame', OURS), ('probe', dict(OURS, PYMEMFLOW_ATTRIBUTION='probe')))
PROCESSES, RUNS, RUNS_UNDER_DTRACE = 3, 15, 1


def start(python, runs, variables):
    return subprocess.Popen([python, '-S', '-c', CHILD, str(runs)], env=dict(os.environ, **variables),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            preexec_fn=lambda: os.sched_setaffinity(0, {0}))


def measure(python, variables):
    return float(start(python, RUNS, variables).communicate(b'\n')[0])


def measure_under(dtrace, python):
    """Seconds; None where this Python has no probes."""
    process = start(python, RUNS_UNDER_DTRACE, {})
    time.sleep(0.5)
    with tempfile.NamedTemporaryFile() as output:
        tracer = subprocess.Popen([dtrace, '-C', '-s', os.path.join(ROOT, 'scripts/pymemflow.d'), '-p',
                                   str(process.pid)], stdout=output, stderr=subprocess.DEVNULL)
        while tracer.poll() is None and os.path.getsize(output.name) == 0:
            time.sleep(0.1)
        seconds = float(process.communicate(b'\n')[0])
        return seconds if tracer.wait() == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--dtrace')
    parser.add_argument('pythons', nargs='*')
    wanted = parser.parse_args()
    found = glob.glob(os.path.expanduser('~/.pyenv/versions/3.*/bin/python3')) + ['/usr/bin/python3']
    for python in wanted.pythons or found:
        best = {name: min(times) for name, times in zip(
            dict(VARIANTS), zip(*[[measure(python, variables) for _, variables in VARIANTS]
                                  for _ in range(PROCESSES)]))}
        if wanted.dtrace:
            seconds = measure_under(wanted.dtrace, python)
            if seconds is not None:
                best['DTrace'] = seconds
        version = subprocess.check_output([python, '-V']).decode().split()[1]
        print('%-8s' % version, '  '.join('%s %.2f ms x%.2f' % (name, seconds * 1e3,
                                                               seconds / best['untraced'])
                                          for name, seconds in best.items()), flush=True)


if __name__ == '__main__':
    main()
