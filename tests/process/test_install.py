"""`cmake --install` and the Debian package: the files at their places, found from there, and used by a
project that asks CMake or pkg-config for them."""
import os
import shutil
import subprocess
import sys

import pytest

CONSUMER = '''
#include <dlfcn.h>
#include <stdio.h>
#include <pymemflow/api.h>
int main(void) {
  const char* (*version)(void) = (const char* (*)(void))dlsym(RTLD_DEFAULT, "pymemflow_version");
  int (*mark)(const char*) = (int (*)(const char*))dlsym(RTLD_DEFAULT, "pymemflow_mark");
  if (version == NULL || mark == NULL) return puts("not preloaded"), 3;
  return printf("%s\\n", version()) < 0;
}
'''
LISTS = '''
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(pymemflow 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE pymemflow::pymemflow)
file(WRITE ${CMAKE_BINARY_DIR}/library "${pymemflow_LIBRARY}")
enable_testing()
add_test(NAME traced COMMAND pymemflow::command run --output report $<TARGET_FILE:consumer>)
'''


def call(*words, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          **options)
    assert done.returncode == 0, '%s ended with %d:\n%s' % (' '.join(words), done.returncode, done.stdout)
    return done.stdout


def environment(**more):
    """The environment without the variables that the caller has set for the library."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith('PYMEMFLOW_') and name not in ('LD_PRELOAD', 'CMAKE_PREFIX_PATH')}
    return dict(kept, **more)


@pytest.fixture(scope='module')
def prefix(build, tmp_path_factory):
    if shutil.which('cmake') is None:
        pytest.skip('cmake is not installed')
    folder = str(tmp_path_factory.mktemp('prefix'))
    call('cmake', '--install', build.folder, '--prefix', folder)
    return folder


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names)


def one(files, end):
    """The only installed file whose path ends like this."""
    found = [file for file in files if file.endswith(end)]
    assert len(found) == 1, (end, files)
    return found[0]


def test_every_file_is_installed(prefix):
    files = files_below(prefix)
    assert {'bin/pymemflow', 'include/pymemflow/api.h'} <= set(files)
    for end in ('pymemflow/libpymemflow.so', 'man1/pymemflow.1.gz', 'completions/pymemflow', '/_pymemflow',
                '/pymemflow.fish', 'cmake/pymemflow/pymemflow-config.cmake',
                'cmake/pymemflow/pymemflow-config-version.cmake', 'pkgconfig/pymemflow.pc'):
        one(files, end)
    assert not [file for file in files if file.startswith('python') or 'tests' in file]


def test_the_installed_command_finds_its_library(prefix, tmp_path):
    report = str(tmp_path / 'report')
    call(os.path.join(prefix, 'bin', 'pymemflow'), 'run', '--output', report, sys.executable, '-c', 'pass',
         env=environment())
    with open(report, encoding='utf-8', errors='surrogateescape') as file:
        assert ' events recorded, 0 lost' in file.read()


def test_the_command_says_where_it_looked(build, tmp_path):
    command = shutil.copy(build.command, str(tmp_path / 'pymemflow'))
    done = subprocess.run([command, 'run', 'true'], stderr=subprocess.PIPE, text=True, check=False,
                          env=environment())
    assert done.returncode != 0
    assert 'libpymemflow.so' in done.stderr


def test_a_project_finds_the_package(prefix, tmp_path):
    (tmp_path / 'consumer.c').write_text(CONSUMER)
    (tmp_path / 'CMakeLists.txt').write_text(LISTS)
    folder = str(tmp_path / 'build')
    call('cmake', '-S', str(tmp_path), '-B', folder, '-DCMAKE_PREFIX_PATH=' + prefix, env=environment())
    call('cmake', '--build', folder, env=environment())
    library = (tmp_path / 'build' / 'library').read_text()
    consumer = os.path.join(folder, 'consumer')
    assert call(consumer, env=environment(LD_PRELOAD=library)).startswith('0.')
    assert subprocess.run([consumer], env=environment(), stdout=subprocess.DEVNULL, check=False).returncode == 3
    call('ctest', '--output-on-failure', cwd=folder, env=environment())


@pytest.mark.needs('pkg-config', 'cc')
def test_pkg_config_knows_the_package(prefix, tmp_path):
    (tmp_path / 'consumer.c').write_text(CONSUMER)
    folder = os.path.dirname(os.path.join(prefix, one(files_below(prefix), 'pymemflow.pc')))
    ask = environment(PKG_CONFIG_PATH=folder)
    flags = call('pkg-config', '--cflags', '--libs', 'pymemflow', env=ask).split()
    library = call('pkg-config', '--variable=library', 'pymemflow', env=ask).strip()
    consumer = str(tmp_path / 'consumer')
    call('cc', str(tmp_path / 'consumer.c'), '-o', consumer, *flags, '-ldl')
    version = call(consumer, env=environment(LD_PRELOAD=library)).strip()
    assert version == call('pkg-config', '--modversion', 'pymemflow', env=ask).strip()


@pytest.mark.needs('cpack', 'dpkg-deb', 'lintian')
def test_the_debian_package_is_accepted(build, tmp_path):
    call('cpack', '--config', os.path.join(build.folder, 'CPackConfig.cmake'), '-B', str(tmp_path))
    package, = [str(tmp_path / name) for name in os.listdir(str(tmp_path)) if name.endswith('.deb')]
    said = call('lintian', '--fail-on', 'error', '--allow-root', package)
    assert 'ldconfig' not in said
    call('dpkg-deb', '-x', package, str(tmp_path / 'root'))
    command = str(tmp_path / 'root' / 'usr' / 'bin' / 'pymemflow')
    call(command, 'run', '--output', str(tmp_path / 'report'), sys.executable, '-c', 'pass', env=environment())
    assert os.path.getsize(str(tmp_path / 'report')) > 0
