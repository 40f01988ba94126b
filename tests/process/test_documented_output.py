"""The examples in README.md and docs/ are real: each command that a page shows with its output is run,
and prints what the page shows.

An example is one or more lines `    $ COMMAND`, and the code block after them. Numbers and addresses
differ from run to run, so only their positions are compared. A line `...` matches any number of lines.
"""
import os
import re
import shutil
import subprocess

import pytest

from built import ROOT

PAGES = ['README.md'] + sorted(
    os.path.join('docs', name) for name in os.listdir(os.path.join(ROOT, 'docs'))
    if name.endswith('.md'))
EXAMPLE = re.compile(r'^((?:    \$ [^\n]+\n)+)\n```\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def examples_of(page):
    with open(os.path.join(ROOT, page), encoding='utf-8') as file:
        return EXAMPLE.findall(file.read())


def normalized(text):
    """The lines, with numbers as N, blanks as one, and units that do not depend on the number."""
    lines = []
    for line in text.splitlines():
        line = re.sub(r'\b0x[0-9a-f]+|\b[0-9a-f]{40}\b|\d+(\.\d+)?', 'N', line)
        line = re.sub(r'\b[KMG]?i?B\b|\bbytes?\b', 'bytes', line)
        line = re.sub(r'\bN blocks?\b', 'N blocks', line)
        lines.append(re.sub(r'\s+', ' ', line).strip())
    return lines


def is_printed(shown, printed):
    """Tells whether the parts of `shown` between its `...` lines are in `printed`, in this order."""
    parts, part = [], []
    for line in shown + ['...']:
        if line == '...':
            parts.append(part)
            part = []
        else:
            part.append(line)
    at = 0
    for index, part in enumerate(parts):
        starts = range(at, len(printed) - len(part) + 1) if index else [0]
        found = [start for start in starts if printed[start:start + len(part)] == part]
        if not found:
            return False, part
        at = found[0] + len(part)
    return True, None


@pytest.mark.parametrize('page', [page for page in PAGES if examples_of(page)])
def test_examples(page, build, tmp_path):
    version = subprocess.run(['/usr/bin/python3', '-V'], stdout=subprocess.PIPE,
                             check=False).stdout.decode()
    if not version.startswith('Python 3.11.'):
        pytest.skip("the pages show the output of Debian 12's /usr/bin/python3")
    for name in ('examples', 'python'):
        # A link would lead the examples to the builds of this checkout.
        shutil.copytree(os.path.join(ROOT, name), tmp_path / name)
    (tmp_path / 'build').mkdir()
    (tmp_path / 'build' / 'release').symlink_to(build.folder)
    environment = {'PATH': os.path.dirname(build.command) + ':/usr/bin:/bin', 'LANG': 'C.UTF-8',
                   'PYTHONPATH': str(tmp_path / 'python'), 'HOME': str(tmp_path)}
    for commands, output in examples_of(page):
        command = re.sub(r'^    \$ ', '', commands, flags=re.MULTILINE)
        done = subprocess.run(['sh', '-c', command], cwd=tmp_path, env=environment, timeout=100,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        printed = normalized(done.stdout.decode())
        same, part = is_printed(normalized(output), printed)
        assert same, '%s\n%s\nprinted:\n%s' % (command, '\n'.join(part), done.stdout.decode()[-4000:])
