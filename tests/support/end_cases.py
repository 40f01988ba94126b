"""The base of tests of programs that end where little is allowed: each ends as it would without the library,
and its report is complete, or one line says what is lost."""
import subprocess

import cases


def has_block(report):
    """Tells whether the block of bytes(77777) is in the report."""
    return [1, 77777 + 33] in [list(event.arguments) for event in report.events]


class EndCase(cases.Case):
    def both(self, code, *arguments, stdout_too=True, **options):
        """Returns the run under the library, after checking that end and output equal those without it."""
        plain = self.trace.code(code, *arguments, preload=False, **options)
        run = self.trace.code(code, *arguments, **options)
        assert (run.status, run.stderr) == (plain.status, plain.stderr), (run.stdout, run.stderr)
        if stdout_too:
            assert run.stdout == plain.stdout
        return run

    def victim(self, call, library='hard_ends'):
        """A program that calls a function of a victim in C."""
        return ('import ctypes, sys\nbytes(77777)\nvictim = ctypes.CDLL(%r)\n'
                'size = ctypes.c_size_t\nvictim.%s\n' % (self.build.path(library), call))

    def check(self, run):
        """The run has one report, and it is complete."""
        assert list(run.reports) == [run.pid], (run.files, run.stderr)
        assert run.report.lost == 0
        assert has_block(run.report)

    def compile(self, name, text, *options):
        """The path of a library that is made of a text in C."""
        source, path = self.write(name + '.c', text), self.path(name + '.so')
        subprocess.check_call(['cc', '-w', '-O1', '-fno-builtin', '-shared', '-fPIC', *options, '-o', path, source])
        return path
