"""Reads what scripts/build-macos built: does dyld find in the library what the tables say, and nothing
else, and does the command run on the systems that it is for?

The folders with the files are named by PMF_MACOS_FOLDERS, the tables by PMF_SOURCES. Without the
files, or without the tools that read them, this is a skip.
"""

import os
import re
import sys
import unittest

import macho_file

FOLDER = os.environ["PMF_SOURCES"]


def rows(table, macro):
    """Name and column `where` of each row; without such a column, Everywhere."""
    with open(os.path.join(FOLDER, table)) as file:
        found = re.findall(r"^%s\((.*)\)$" % macro, file.read(), re.M)
    columns = [row.split(", ") for row in found]
    return {row[0]: row[-1] if len(row) > 1 else "Everywhere" for row in columns}


HOOKS = {**rows("capture/functions.def", "PMF_FUNCTION"), **rows("interpose/originals/other_hooks.def", "PMF_OTHER_HOOK")}
EXPECTED = {name for name, where in HOOKS.items() if where != "Linux"}
API = set(rows("interpose/library/api.def", "PMF_API"))


# As the header of a file names it.
MACHINES = {"macos-arm64": "ARM64", "macos-x86_64": "X86_64"}


class Checks:
    """Of every file."""

    def test_is_for_the_machine_of_its_folder(self):
        # ALL: none that only some of these processors have, as signed pointers would be.
        self.assertEqual(self.file.machine(), [MACHINES[self.folder], "ALL"])

    def test_needs_the_system_library_alone(self):
        self.assertEqual(self.file.needed(), ["/usr/lib/libSystem.B.dylib"])

    def test_runs_on_macos_12(self):
        self.assertEqual(self.file.minimum_system(), "12.0")

    def test_can_be_recognised(self):
        self.assertTrue(self.file.has_uuid())

    def weak(self):
        return {name for name, is_weak in self.file.imports().items() if is_weak}


class Library(Checks):
    NAME = "libpymemflow.dylib"

    def test_every_row_has_its_pair_and_no_other(self):
        pairs = self.file.tuples()
        self.assertEqual(sorted(replaced for _, replaced, _ in pairs), sorted("_" + name for name in EXPECTED))
        for replacements, replaced, _ in pairs:
            self.assertIn("_pmf_hook" + replaced, replacements)

    def test_what_older_systems_lack_is_bound_weakly(self):
        weak = {replaced for _, replaced, is_weak in self.file.tuples() if is_weak}
        expected = {name for name in EXPECTED if name.startswith("malloc_type_")}
        self.assertEqual(weak, {"_" + name for name in expected})
        self.assertEqual(self.weak(), expected)

    def test_exports_are_the_c_interface(self):
        # Its linker adds two of its own, which name the file itself.
        self.assertEqual(self.file.exports() - {"_mh_dylib_header", "__dso_handle"}, API)

    def test_no_thread_local_variable(self):
        names = set(self.file.sections())
        self.assertEqual(names & {"__thread_vars", "__thread_data", "__thread_bss", "__thread_init"}, set())

    def test_can_be_inserted(self):
        self.assertEqual(self.file.file_type(), "DYLIB")


class Command(Checks):
    NAME = "pymemflow"

    def test_is_a_program(self):
        self.assertEqual(self.file.file_type(), "EXECUTE")
        self.assertEqual(self.file.loader(), "/usr/lib/dyld")

    def test_replaces_nothing(self):
        self.assertNotIn("__interpose", self.file.sections())

    def test_asks_what_every_such_system_has(self):
        self.assertEqual(self.weak(), set())

    def test_has_its_verbs(self):
        """run, start and stop, doctor: by what they ask the system."""
        asked = {"posix_spawnp", "proc_pidfdinfo", "proc_pidinfo", "_NSGetExecutablePath", "popen"}
        self.assertEqual(asked - set(self.file.imports()), set())
        with open(self.file.path, "rb") as file:
            text = file.read()
        # Other texts are taken apart into instructions.
        for word in (b"DYLD_INSERT_LIBRARIES\0", b"libpymemflow.dylib\0"):
            self.assertTrue(word in text, word)


FOLDERS = os.environ["PMF_MACOS_FOLDERS"].split(":")
KINDS = (Library, Command)


def load_tests(loader, _, __):
    suite = unittest.TestSuite()
    for folder in FOLDERS:
        for kind in KINDS:
            name = os.path.basename(folder)
            file = macho_file.File(os.path.join(folder, kind.NAME))
            case = type("%s_%s" % (name.replace("-", "_"), kind.__name__), (kind, unittest.TestCase),
                        {"file": file, "folder": name})
            suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    paths = [os.path.join(folder, kind.NAME) for folder in FOLDERS for kind in KINDS]
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        print("skipped: not built (scripts/build-macos):", *missing)
        sys.exit(77)
    if not (macho_file.tool("llvm-objdump") and macho_file.tool("llvm-nm")):
        print("skipped: llvm-objdump and llvm-nm are missing (Debian: llvm)")
        sys.exit(77)
    unittest.main(verbosity=2)
