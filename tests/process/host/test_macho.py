"""Reads the files that scripts/build-macos built: dyld finds in the library what the tables say and
nothing else, and the command runs on the systems that it is for."""
import os

import pytest

import built
import macho_file
import tables

MACHINES = {'macos-arm64': 'ARM64', 'macos-x86_64': 'X86_64'}
HOOKS = {row[0]: row[-1] for name in ('functions.def', 'other_hooks.def') for row in tables.rows(name)}
EXPECTED = {name for name, where in HOOKS.items() if where not in ('Linux', 'Python')}
API = {row[0] for row in tables.rows('api.def')}


class Checks:
    """Checks of every file."""

    @pytest.fixture(autouse=True)
    def of_machine(self, machine):
        self.folder = machine

    @property
    def file(self):
        path = os.path.join(built.ROOT, 'build', self.folder, self.NAME)
        if not os.path.exists(path):
            pytest.skip('%s is not built (scripts/build-macos)' % os.path.relpath(path, built.ROOT))
        for tool in ('llvm-objdump', 'llvm-nm'):
            if not macho_file.tool(tool):
                pytest.skip(tool + ' is not installed')
        return macho_file.File(path)

    def test_is_for_the_machine_of_its_folder(self):
        # ALL: every processor of this architecture, also one without signed pointers.
        assert self.file.machine() == [MACHINES[self.folder], "ALL"]

    def test_needs_the_system_library_alone(self):
        assert self.file.needed() == ["/usr/lib/libSystem.B.dylib"]

    def test_runs_on_macos_12(self):
        assert self.file.minimum_system() == "12.0"

    def test_can_be_recognised(self):
        assert self.file.has_uuid()

    def weak(self):
        return {name for name, is_weak in self.file.imports().items() if is_weak}


@pytest.mark.parametrize('machine', MACHINES)
class TestLibrary(Checks):
    NAME = "libpymemflow.dylib"

    def test_every_row_has_its_pair_and_no_other(self):
        pairs = self.file.tuples()
        assert sorted(replaced for _, replaced, _ in pairs) == sorted("_" + name for name in EXPECTED)
        for replacements, replaced, _ in pairs:
            assert "_pmf_hook" + replaced in replacements

    def test_what_older_systems_lack_is_bound_weakly(self):
        weak = {replaced for _, replaced, is_weak in self.file.tuples() if is_weak}
        expected = {name for name in EXPECTED if name.startswith("malloc_type_")}
        assert weak == {"_" + name for name in expected}
        assert self.weak() == expected

    def test_exports_are_the_c_interface(self):
        # Its linker adds two of its own, which name the file itself.
        assert self.file.exports() - {"_mh_dylib_header", "__dso_handle"} == API

    def test_no_thread_local_variable(self):
        names = set(self.file.sections())
        assert names & {"__thread_vars", "__thread_data", "__thread_bss", "__thread_init"} == set()

    def test_can_be_inserted(self):
        assert self.file.file_type() == "DYLIB"


@pytest.mark.parametrize('machine', MACHINES)
class TestCommand(Checks):
    NAME = "pymemflow"

    def test_is_a_program(self):
        assert self.file.file_type() == "EXECUTE"
        assert self.file.loader() == "/usr/lib/dyld"

    def test_replaces_nothing(self):
        assert "__interpose" not in self.file.sections()

    def test_asks_what_every_such_system_has(self):
        assert self.weak() == set()

    def test_has_its_commands(self):
        """run, start, stop and doctor are in it: it imports the functions that they call."""
        asked = {"posix_spawnp", "proc_pidfdinfo", "proc_pidinfo", "_NSGetExecutablePath", "popen"}
        assert asked - set(self.file.imports()) == set()
        with open(self.file.path, "rb") as file:
            text = file.read()
        # The compiler turns other texts into instructions.
        for word in (b"DYLD_INSERT_LIBRARIES\0", b"libpymemflow.dylib\0"):
            assert word in text, word
