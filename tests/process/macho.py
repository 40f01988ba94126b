"""Reads what scripts/build-macos built: does dyld find in it what the tables say, and nothing else?

The libraries are named by PMF_MACOS_LIBRARIES, the tables by PMF_INTERPOSE. Without the libraries, or
without the tools that read them, this is a skip.
"""

import os
import re
import sys
import unittest

import macho_file

FOLDER = os.environ["PMF_INTERPOSE"]


def rows(table, macro):
    """Name and column `where` of each row; without such a column, Everywhere."""
    with open(os.path.join(FOLDER, table)) as file:
        found = re.findall(r"^%s\((.*)\)$" % macro, file.read(), re.M)
    columns = [row.split(", ") for row in found]
    return {row[0]: row[-1] if len(row) > 1 else "Everywhere" for row in columns}


HOOKS = {**rows("functions.def", "PMF_FUNCTION"), **rows("other_hooks.def", "PMF_OTHER_HOOK")}
EXPECTED = {name for name, where in HOOKS.items() if where != "Linux"}
API = set(rows("api.def", "PMF_API"))


class Checks:
    def test_every_row_has_its_pair_and_no_other(self):
        pairs = self.library.tuples()
        self.assertEqual(sorted(replaced for _, replaced, _ in pairs), sorted("_" + name for name in EXPECTED))
        for replacements, replaced, _ in pairs:
            self.assertIn("_pmf_hook" + replaced, replacements)

    def test_what_older_systems_lack_is_bound_weakly(self):
        weak = {replaced for _, replaced, is_weak in self.library.tuples() if is_weak}
        self.assertEqual(weak, {"_" + name for name in EXPECTED if name.startswith("malloc_type_")})

    def test_exports_are_the_c_interface(self):
        # Its linker adds two of its own, which name the file itself.
        self.assertEqual(self.library.exports() - {"_mh_dylib_header", "__dso_handle"}, API)

    def test_no_thread_local_variable(self):
        names = set(self.library.sections())
        self.assertEqual(names & {"__thread_vars", "__thread_data", "__thread_bss", "__thread_init"}, set())

    def test_needs_the_system_library_alone(self):
        self.assertEqual(self.library.needed(), ["/usr/lib/libSystem.B.dylib"])

    def test_runs_on_macos_12(self):
        self.assertEqual(self.library.minimum_system(), "12.0")

    def test_can_be_inserted_and_recognised(self):
        self.assertEqual(self.library.file_type(), "DYLIB")
        self.assertTrue(self.library.has_uuid())


def load_tests(loader, _, __):
    suite = unittest.TestSuite()
    for path in os.environ["PMF_MACOS_LIBRARIES"].split(":"):
        name = os.path.basename(os.path.dirname(path)).replace("-", "_")
        case = type(name, (Checks, unittest.TestCase), {"library": macho_file.Library(path)})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    missing = [path for path in os.environ["PMF_MACOS_LIBRARIES"].split(":") if not os.path.exists(path)]
    if missing:
        print("skipped: not built (scripts/build-macos):", *missing)
        sys.exit(77)
    if not (macho_file.tool("llvm-objdump") and macho_file.tool("llvm-nm")):
        print("skipped: llvm-objdump and llvm-nm are missing (Debian: llvm)")
        sys.exit(77)
    unittest.main(verbosity=2)
