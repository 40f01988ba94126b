"""The library exports its hooks and its C API and nothing else, and needs the C library alone."""
import subprocess

import pytest

import tables


def rows_of(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, universal_newlines=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows
    return rows


@pytest.mark.needs('nm')
def test_hooks_and_api_alone(build):
    names = {row[-1] for row in rows_of('nm', '-D', '--defined-only', build.library)}
    assert names == tables.exported_names()


@pytest.mark.needs('nm')
def test_no_buffer_of_an_algorithm_on_the_heap_of_the_host(build):
    """std::stable_sort() and its like take theirs from operator new(std::nothrow)."""
    names = {row[-1] for row in rows_of('nm', build.library)}
    assert '_Znwm' in names
    assert not {name for name in names if name.endswith('RKSt9nothrow_t')}


@pytest.mark.needs('readelf')
def test_needs_the_c_library_and_the_loader_alone(build):
    needed = {row[-1] for row in rows_of('readelf', '-dW', build.library) if '(NEEDED)' in row}
    assert '[libc.so.6]' in needed
    assert [name for name in needed - {'[libc.so.6]'} if not name.startswith('[ld-linux')] == []


@pytest.mark.needs('readelf')
def test_bound_at_load_without_writable_text(build):
    words = {word for row in rows_of('readelf', '-dW', build.library) for word in row}
    assert words & {'BIND_NOW', 'NOW'}
    assert not words & {'(TEXTREL)', 'TEXTREL'}


@pytest.mark.needs('readelf')
def test_little_thread_local_storage(build):
    """Libraries that are loaded late share a small area of static thread-local storage."""
    segment, = (row for row in rows_of('readelf', '-lW', build.library)
                if row[:1] == ['TLS'] and len(row) >= 7)
    assert 0 < int(segment[5], 16) <= 64  # in memory
