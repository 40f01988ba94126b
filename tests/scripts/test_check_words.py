"""scripts/check_words finds prose in each language that the repository uses, and leaves code alone."""
import importlib.machinery
import importlib.util
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, 'scripts', 'check_words')


def load():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader('check_words', SCRIPT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('check_words', loader))
    loader.exec_module(module)
    return module


WORDS = load()


def found(path, source):
    """(kind, line) of each place where the word `verb` is prose."""
    places = []
    for piece in WORDS.reader_of(path, source)(path, source):
        starts = [offset for offset, _ in piece.lines]
        for match in re.finditer(r'\bverb\b', piece.text):
            places.append((piece.kind,
                           piece.lines[WORDS.bisect_right(starts, match.start()) - 1][1]))
    return sorted(places, key=lambda place: place[1])


def test_cpp():
    assert found('cli/a.cpp', '''// One verb.
#include "cli/verb.h"

// Two lines, the second of which
// has a verb.
int verb = 0;  // a verb
/* A verb. */
const char* help = "run a verb of the"
                   " program";
const char* name = "verb";
const char* quoted = nullptr;  // `verb` and "verb" are names
char letter = '"';  // a verb behind a quote
''') == [('opening', 1), ('comment', 5), ('comment', 6), ('comment', 7), ('message', 8),
         ('comment', 12)]


def test_strings_of_tests_are_data():
    assert found('tests/unit/a_test.cpp', 'auto x = run("a verb of the program");\n') == []


def test_python():
    assert found('python/a.py', '''"""A verb."""
import verb


def f():
    """Does it.

        a verb in an example
    """
    raise ValueError("no such verb is here")  # verb
    return "verb"
''') == [('opening', 1), ('message', 10), ('comment', 10)]


def test_shell():
    assert found('scripts/a', '''#!/bin/sh
# A verb.
verb=1
echo "$verb" # a verb
echo "no verb was given" >&2
''') == [('opening', 2), ('comment', 4), ('message', 5)]


@pytest.mark.parametrize('path', ['CMakeLists.txt', 'a.cmake', 'a.cmake.in', 'a.pc.in', 'a.yml', 'a.yaml', 'a.toml',
                                  '.clang-tidy', '.gitignore', 'scripts/packages'])
def test_files_with_number_signs(path):
    assert found(path, '# A long\n# verb.\nverb\n') == [('opening', 2)]


def test_markdown():
    assert found('docs/a.md', '''# A verb

A line of two,
a verb.

    verb code

```
verb
```

| `verb` | a verb |
|---|---|
[a link](verb.md)
''') == [('docs', 1), ('docs', 4), ('docs', 12)]


def test_paragraphs_are_one_line():
    rules = [rule for rule in WORDS.read_rules(os.path.join(ROOT, 'scripts', 'words'))[0]
             if rule.pattern.search('one line per event, one line an event')]
    assert rules
    source = '// Prints one line\n// an event.\n'
    piece, = WORDS.c_prose('cli/a.cpp', source)
    assert any(rule.pattern.search(piece.text) for rule in rules)
