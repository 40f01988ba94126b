"""Runs the gate on programs that do not leak, and on the same programs with one line added that leaks
100 KiB. Called by scripts/gate-programs, for which it prints a table in Markdown, and by
test_gate_programs.py.

A row has the largest figures of any process of the program, in bytes. The added line is the first one of
a function of the program: a copy of the module is found before the installed one.
"""
import argparse
import ast
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

import programs

LEAK = 102400
LIMIT = '64KiB'
LINE = '__import__("_leaky").leaking(%d)\n' % LEAK
TIMEOUT = 300

Verdict = collections.namedtuple('Verdict', 'status processes stderr')


def find_module(python, name, folder):
    """The path of the module; None: this Python has none."""
    code = 'import importlib.util as u; s = u.find_spec(%r); print(s and s.origin or "")' % name
    done = subprocess.run([python, '-c', code], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip() or None


def with_line(path, functions):
    """The text of the module with the line at the beginning of one of these functions, and the name of the
    function. None, None: the module has none of them."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    found = [node for node in ast.parse(text).body
             if isinstance(node, ast.FunctionDef) and node.name in functions]
    if not found:
        return None, None
    body = found[0].body
    is_text = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[1] if is_text and len(body) > 1 else body[0]
    lines = text.splitlines(True)
    lines.insert(first.lineno - 1, ' ' * first.col_offset + LINE)
    return ''.join(lines), found[0].name


def add_line(program, origin, text, folder):
    """A folder to be found before the installed module: links, and the one file that differs."""
    parts = program.module.split('.')
    is_package = os.path.basename(origin) == '__init__.py'
    tail = parts + ['__init__.py'] if is_package else parts[:-1] + [parts[-1] + '.py']
    target = os.path.join(folder, *tail)
    if len(tail) > 1:
        top = origin
        for _ in tail[1:]:
            top = os.path.dirname(top)
        shutil.copytree(top, os.path.join(folder, parts[0]), copy_function=os.symlink,
                        ignore=shutil.ignore_patterns('__pycache__'))
        os.remove(target)
    with open(target, 'w', encoding='utf-8') as file:
        file.write(text)


class Judge:
    def __init__(self, python, command, examples):
        self.python, self.command, self.examples = python, command, examples

    def verdict(self, program, in_front):
        """Runs the gate on the program, in a folder of its own."""
        with tempfile.TemporaryDirectory() as work:
            if program.prepare:
                program.prepare(work)
            path = os.path.join(work, 'verdict.json')
            environment = {name: value for name, value in os.environ.items()
                           if not name.startswith('PYMEMFLOW_')}
            environment.update(PYTHONPATH=os.pathsep.join([in_front, work, self.examples]),
                               DJANGO_SETTINGS_MODULE='shop.settings', PYTHONDONTWRITEBYTECODE='1',
                               COLUMNS='80')
            words = [word.replace('{work}', work) for word in program.words]
            done = subprocess.run([self.command, 'gate', '--max-leak', LIMIT, '--json', path, '--',
                                   self.python] + words, cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT)
            stderr = done.stderr.decode('utf-8', 'replace')
            if not os.path.exists(path):
                return Verdict(done.returncode, [], stderr)
            with open(path) as file:
                return Verdict(done.returncode, json.load(file)['processes'], stderr)

    def row(self, program):
        """Returns the cells of a row of the table, and whether they are right."""
        with tempfile.TemporaryDirectory() as folder:
            origin = find_module(self.python, program.module, folder)
            text, function = with_line(origin, program.functions) if origin else (None, None)
            if not text or not find_module(self.python, program.needs, folder):
                return [program.name, 'not there'] + [''] * 6, None
            clean = self.verdict(program, folder)
            if not clean.processes or clean.status not in (0, 1):
                return [program.name, 'FAILED: ' + clean.stderr[-300:]] + [''] * 6, False
            add_line(program, origin, text, folder)
            leaky = self.verdict(program, folder)
        is_found = leaky.status == 1 and any(
            leak.get('function') == function and leak['bytes'] >= LEAK
            for process in leaky.processes for leak in process['leaks'])
        figures = [max(take(process) for process in clean.processes) for take in (
            lambda p: p['alive']['bytes'],
            lambda p: p['set_aside']['import']['bytes'],
            lambda p: p['set_aside']['class']['bytes'],
            lambda p: p['set_aside']['engine']['bytes'],
            lambda p: p['leaked']['bytes'])]
        row = [program.name, len(clean.processes)] + figures + ['found' if is_found else 'MISSED']
        return row, clean.status == 0 and is_found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--python', default='/usr/bin/python3')
    parser.add_argument('--command', required=True)
    parser.add_argument('--examples', required=True)
    parser.add_argument('--all-there', action='store_true',
                        help='a program that is not there is wrong')
    parser.add_argument('names', nargs='*')
    arguments = parser.parse_args()
    judge = Judge(arguments.python, os.path.abspath(arguments.command),
                  os.path.abspath(arguments.examples))
    right = wrong = absent = 0
    print('| program | processes | alive | import | class | engine | leaks | with the line |')
    print('|---|---:|---:|---:|---:|---:|---:|---|')
    for program in programs.PROGRAMS:
        if arguments.names and program.name not in arguments.names:
            continue
        row, is_right = judge.row(program)
        print('| ' + ' | '.join(str(word) for word in row) + ' |', flush=True)
        right += is_right is True
        wrong += is_right is False
        absent += is_right is None
    wrong += absent if arguments.all_there else 0
    print('soak: %d programs, 0 false alarms, all leaks found' % right if wrong == 0 and right
          else 'soak: %d programs right, %d WRONG' % (right, wrong), end='')
    print(', %d not there' % absent if absent else '')
    return 1 if wrong or not right else 0


if __name__ == '__main__':
    sys.exit(main())
