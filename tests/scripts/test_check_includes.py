"""scripts/check_includes knows the layers from CMake and finds includes that climb and circles;
scripts/check_sizes measures folders, files and functions."""
import importlib.machinery
import importlib.util
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(name):
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, 'scripts', name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


INCLUDES = load('check_includes')
SIZES = load('check_sizes')

CMAKE = ['''
pmf_layer(capture)
pmf_layer(platform SOURCES a.cpp)
pmf_layer(pyframe
  SOURCES frame.cpp
  SEES platform
  LINKS pmf_host_flags)
pmf_layer(interpose/recording SOURCES b.cpp SEES capture pyframe)
pmf_layer(report/reader SOURCES c.cpp SEES capture)  # pmf_layer(report/base)
add_library(pmf_report INTERFACE)
target_link_libraries(pmf_report INTERFACE pmf_report_reader)
target_link_libraries(pymemflow PRIVATE pmf_interpose_recording pmf_report)
pmf_layer(cli/doctor SOURCES d.cpp SEES report/reader)
pmf_layer(cli/gate SOURCES e.cpp SEES cli/doctor)
pmf_layer(cli/commands SOURCES f.cpp SEES cli/gate)
''']
HEADERS = {'capture/event.h': '', 'platform/linux/call.h': '', 'pyframe/frame.h': '',
           'interpose/recording/recorder.h': '', 'report/reader/reader.h': '', 'cli/gate/gate.h': ''}


def problems(**files):
    """The problems of files given as folder__name_ext='included file'."""
    return problems_of({path.replace('__', '/').replace('_h', '.h').replace('_cpp', '.cpp'):
                        ''.join('#include "%s"\n' % name for name in included.split())
                        for path, included in files.items()})


def problems_of(texts):
    return INCLUDES.check(INCLUDES.read_layers(CMAKE), {**HEADERS, **texts})


def test_layers_come_from_cmake():
    layers = INCLUDES.read_layers(CMAKE)
    assert layers['pyframe'] == {'platform'}
    assert layers['interpose/recording'] == {'capture', 'pyframe'}
    assert layers['interpose/library'] == {'interpose/recording', 'report/reader'}
    assert layers['cli/commands'] == {'cli/gate'}
    assert 'report/base' not in layers


@pytest.mark.parametrize('path, included', [
    ('interpose__recording__x_cpp', 'report/reader/reader.h'),
    ('report__reader__x_cpp', 'interpose/recording/recorder.h'),
    ('pyframe__x_h', 'interpose/recording/recorder.h'),
    ('cli__gate__x_cpp', 'interpose/recording/recorder.h'),
    ('capture__x_h', 'platform/linux/call.h'),
])
def test_an_include_that_climbs(path, included):
    problem, = problems(**{path: included})
    assert included in problem and 'does not see' in problem


@pytest.mark.parametrize('path, included', [
    ('interpose__recording__x_cpp', 'capture/event.h pyframe/frame.h platform/linux/call.h'),
    ('platform__linux__x_cpp', 'platform/linux/call.h'),
    ('interpose__library__x_cpp', 'interpose/recording/recorder.h report/reader/reader.h'),
    ('cli__commands__x_cpp', 'cli/gate/gate.h report/reader/reader.h'),
])
def test_an_include_that_is_seen(path, included):
    assert problems(**{path: included}) == []


def test_names_from_the_root():
    assert 'name it from the root' in problems(pyframe__x_cpp='../platform/linux/call.h')[0]
    assert 'name its folder' in problems(pyframe__x_cpp='frame.h')[0]


    assert 'no such file' in problems(pyframe__x_cpp='tests/unit/recorded.h')[0]


@pytest.mark.parametrize('suffix', ['.cpp', '.c', '.h', '.hpp', '.def', '.inc'])
@pytest.mark.parametrize('line, reason', [
    ('#include <report/reader/reader.h>', 'does not see'),
    ('  #  include <report/reader/reader.h>', 'does not see'),
    ('#\\\ninclude "report/reader/reader.h"', 'does not see'),
    ('#include <../../report/reader/reader.h>', 'name it from the root'),
    ('#include <report/reader/missing.h>', 'no such file'),
    ('#include MACRO', 'not a macro'),
])
def test_other_ways_to_include(suffix, line, reason):
    problem, = problems_of({'interpose/recording/x' + suffix: '\n' + line + '\n#include <vector>\n'})
    assert ':2: ' in problem and reason in problem


@pytest.mark.parametrize('path', ['report/x/a.h', 'cli/a.cpp', 'interpose/library/x/a.h', 'platform/linux/x/a.h'])
def test_a_folder_that_is_not_a_layer(path):
    problem, = problems_of({path: ''})
    assert problem.startswith(os.path.dirname(path) + ': a folder that is not a layer')


def test_circles():
    assert 'circle' in problems(pyframe__a_h='pyframe/b.h', pyframe__b_h='pyframe/a.h')[0]
    both_ways = INCLUDES.read_layers(CMAKE + ['pmf_layer(report/a SEES report/b)\npmf_layer(report/b SEES report/a)'])
    assert 'circle' in INCLUDES.check(both_ways, {})[0]
    assert 'circle' in INCLUDES.check(both_ways, {'report/a/x.cpp': '#include "report/b/y.h"\n',
                                                  'report/b/y.h': '#include "report/a/z.h"\n',
                                                  'report/a/z.h': ''})[1]


def test_functions_of_cpp():
    body = '  step();\n' * 58
    short = 'int f(int a) {\n%s}\n' % body
    long = 'namespace a {\nclass B : C<(1)> {\n  int g() const noexcept {\n%s  }\n};\n}\n' % (body + '  // }\n')
    assert [lines for _, lines in SIZES.c_functions(short + long)] == [60, 61]
    assert SIZES.c_functions('const int kTable[] = {f(1),\n f(2)};\nstruct S { int a = 1; };\n') == []
    assert SIZES.check({'a.cpp': short}) == []
    assert 'a function of 61 lines' in SIZES.check({'a.cpp': long})[0]


@pytest.mark.parametrize('head', [
    'X::X(int a) : a_(a), b_{2} {', 'X::X(int a) : a_{a}, b_(2) {', 'struct timespec now(int a) {',
    'auto f = [](int a) {', 'auto f(int a) -> std::vector<int> {', 'int f() requires C<int> {',
    'int f(int a = 1\'000) {', 'int f(char c = \'{\', const char* s = R"x({)" {)x") {'])
@pytest.mark.parametrize('suffix', ['.cpp', '.h', '.c', '.hpp'])
def test_functions_of_many_forms(head, suffix):
    for lines, expected in (58, []), (59, ['a function of 61 lines']):
        text = 'int a;\n' + head + '\n' + '  step({1});\n' * lines + '}\n'
        found = SIZES.check({'a' + suffix: text})
        assert len(found) == len(expected) and all(part in found[0] for part in expected)


@pytest.mark.parametrize('path, text', [
    ('tests/process/test_a.py', 'class A:\n  async def f(self):\n' + '    x = 1\n' * 60),
    ('tool', '#!/usr/bin/python3\ndef f():\n' + '  x = 1\n' * 60),
    ('tool', '#!/bin/sh\n\nf() {\n' + '  x=1\n' * 59 + '}\n'),
])
def test_functions_of_scripts(path, text):
    problem, = SIZES.check({path: text})
    assert '%s:%d: a function of 61 lines' % (path, text.split('f(')[0].count('\n') + 1) in problem


def test_types_are_not_functions():
    assert SIZES.c_functions('template <class T>\n  requires(sizeof(T) > 1)\nstruct S : B<(1)> {\n int a;\n};\n') == []


def test_a_last_line_without_an_end():
    assert SIZES.check({'a.h': '//\n' * 399 + '//'}) == []
    assert '401 lines' in SIZES.check({'a.h': '//\n' * 400 + '//'})[0]


def test_files_of_code(tmp_path):
    for name in ('a.h', 'a.def', 'a.py', 'a.pyi', 'a.yml', 'a.sh', 'a.d', 'a.in', 'CMakeLists.txt'):
        (tmp_path / name).write_text('text\n')
        assert SIZES.read(str(tmp_path / name)) == 'text\n'
    (tmp_path / 'tool').write_text('#!/bin/sh\n')
    assert SIZES.read(str(tmp_path / 'tool')) == '#!/bin/sh\n'
    (tmp_path / 'a.out').write_bytes(b'\xff')
    assert SIZES.read(str(tmp_path / 'a.out')) is None


def test_files_and_folders():
    assert 'more than 400' in SIZES.check({'a.h': '\n' * 401})[0]
    assert '26 files' in SIZES.check({'folder/%d.h' % number: '' for number in range(26)})[0]
    assert SIZES.check({'tests/fuzz/corpus/%d' % number: None for number in range(26)}) == []
