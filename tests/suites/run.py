"""Runs test suites that nobody here wrote, file by file, with the library and without, and prints a
table of what differs. Called by scripts/suites.

    run.py --library PATH [--results FOLDER] [--jobs N] SUITE:PYTHON... [--only FILE]...

If the two runs of a file differ, both are repeated. A file that differs each time is an exception, and so
is a report of lost or damaged events. The others come and go by themselves. "cut off" are reports of
processes that were killed while they wrote them. Results are kept in the folder as they come, by library:
an interrupted run continues from there, and another build of the library starts from the beginning. Exit
code 1: there are exceptions, or a suite is missing.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import sys

import outcome
import suites

REPEATS = 3

Row = collections.namedtuple('Row', 'files tests same unsteady exceptions reports cut')


class Judge:
    def __init__(self, arguments):
        self.library = os.path.abspath(arguments.library)
        with open(self.library, 'rb') as library:
            build = hashlib.sha256(library.read()).hexdigest()[:16]
        self.folder = os.path.join(arguments.results, build)
        os.makedirs(self.folder, exist_ok=True)

    def both(self, suite, file):
        return outcome.run(suite, file, None), outcome.run(suite, file, self.library)

    def verdict(self, suite, file, repeats):
        """The result of a file, as a dictionary for JSON."""
        verdict, seen = 'same', []
        for _ in range(1 + repeats):
            without, with_it = self.both(suite, file)
            seen.append([brief(without), brief(with_it)])
            if with_it.ours:
                verdict = 'exception'
                break
            if not outcome.differs(with_it, without):
                verdict = 'same' if len(seen) == 1 else 'unsteady'
                break
            verdict = 'exception'
        if verdict == 'exception':
            self.keep_text(file, without, with_it)
        return {'file': file, 'verdict': verdict, 'runs': seen}

    def keep_text(self, file, without, with_it):
        name = os.path.join(self.folder, file.strip('/').replace('/', '.'))
        for end, run in (('without', without), ('with', with_it)):
            with open('%s.%s' % (name, end), 'w', encoding='utf-8') as log:
                log.write(run.text + '\n'.join(run.ours))

    def run_suite(self, name, python, only, jobs):
        """A row of the table; None: this Python has no such suite."""
        suite = suites.SUITES[name](python)
        files = [file for file in suite.files() if not only or file in only]
        path = os.path.join(self.folder, '%s.%s.jsonl' % (name, python.strip('/').replace('/', '.')))
        known = read(path)
        with open(path, 'a', encoding='utf-8') as kept:
            def keep(result):
                known[result['file']] = result
                kept.write(json.dumps(result) + '\n')
                kept.flush()
                if result['verdict'] != 'same':
                    print('%s %s: %s %s' % (name, result['file'], result['verdict'], result['runs']),
                          flush=True)
            doubtful = []
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                new = [file for file in files if file not in known]
                runs = [pool.submit(self.verdict, suite, file, 0) for file in new]
                for run in concurrent.futures.as_completed(runs):
                    result = run.result()
                    keep(result) if result['verdict'] == 'same' else doubtful.append(result)
            # One at a time: much of what fails beside another does not fail alone.
            for result in doubtful:
                again = self.verdict(suite, result['file'], REPEATS)
                if again['verdict'] == 'same':
                    again = dict(again, verdict='unsteady', runs=result['runs'] + again['runs'])
                keep(again)
        return row(known[file] for file in files) if files else None


def brief(run):
    return {'word': run.word, 'tests': run.tests, 'bad': sorted(run.bad), 'reports': run.reports,
            'cut': run.cut, 'ours': run.ours}


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        return {result['file']: result for result in map(json.loads, file)}


def row(verdicts):
    verdicts = list(verdicts)
    last = [verdict['runs'][-1][1] for verdict in verdicts]  # with the library
    count = collections.Counter(verdict['verdict'] for verdict in verdicts)
    return Row(len(verdicts), sum(run['tests'] for run in last), count['same'], count['unsteady'],
               count['exception'], sum(run['reports'] for run in last),
               sum(run['cut'] for run in last))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--library', required=True)
    parser.add_argument('--results', default='build/suites')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE',
                        help='an option of the library, such as PYMEMFLOW_DOMAINS=all')
    parser.add_argument('what', nargs='+', metavar='SUITE:PYTHON')
    arguments = parser.parse_args()
    outcome.OPTIONS.update(option.split('=', 1) for option in arguments.set)
    judge = Judge(arguments)
    table = []
    for what in arguments.what:
        name, _, python = what.partition(':')
        table.append((name, python, judge.run_suite(name, python, arguments.only, arguments.jobs)))
    print('| suite | Python | files | tests | same | come and go | exceptions | reports | cut off |')
    print('|---|---|--:|--:|--:|--:|--:|--:|--:|')
    for name, python, figures in table:
        cells = ['-'] * len(Row._fields) if figures is None else map(str, figures)
        print('| %s | %s | %s |' % (name, python, ' | '.join(cells)))
    return any(figures is None or figures.exceptions for _, _, figures in table)


if __name__ == '__main__':
    sys.exit(main())
