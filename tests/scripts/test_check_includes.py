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
target_link_libraries(pymemflow_command PRIVATE pmf_report)
''']
HEADERS = {'capture/event.h': '', 'platform/linux/call.h': '', 'pyframe/frame.h': '',
           'interpose/recording/recorder.h': '', 'report/reader/reader.h': '', 'cli/gate/gate.h': ''}


def problems(**files):
    """The problems of files given as folder__name_ext='included file'."""
    texts = dict(HEADERS)
    for path, included in files.items():
        path = path.replace('__', '/').replace('_h', '.h').replace('_cpp', '.cpp')
        texts[path] = ''.join('#include "%s"\n' % name for name in included.split())
    return INCLUDES.check(INCLUDES.read_layers(CMAKE), texts)


def test_layers_come_from_cmake():
    layers = INCLUDES.read_layers(CMAKE)
    assert layers['pyframe'] == {'platform'}
    assert layers['interpose/recording'] == {'capture', 'pyframe'}
    assert layers['interpose/library'] == {'interpose/recording', 'report/reader'}
    assert layers['cli'] == {'report/reader'}
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


def test_circles():
    assert 'circle' in problems(cli__gate__x_cpp='cli/doctor/y.h', cli__doctor__y_h='cli/gate/gate.h')[0]
    assert 'circle' in problems(pyframe__a_h='pyframe/b.h', pyframe__b_h='pyframe/a.h')[0]


def test_functions_of_cpp():
    body = '  step();\n' * 58
    short = 'int f(int a) {\n%s}\n' % body
    long = 'namespace a {\nclass B : C<(1)> {\n  int g() const noexcept {\n%s  }\n};\n}\n' % (body + '  // }\n')
    assert [lines for _, lines in SIZES.c_functions(short + long)] == [60, 61]
    assert SIZES.c_functions('const int kTable[] = {f(1),\n f(2)};\nstruct S { int a = 1; };\n') == []
    assert SIZES.check({'a.cpp': short}) == []
    assert 'a function of 61 lines' in SIZES.check({'a.cpp': long})[0]


def test_files_and_folders():
    assert 'more than 400' in SIZES.check({'a.h': '\n' * 401})[0]
    assert '26 files' in SIZES.check({'folder/%d.h' % number: '' for number in range(26)})[0]
    assert SIZES.check({'tests/fuzz/corpus/%d' % number: None for number in range(26)}) == []
