"""Other libraries in the program: their functions that the library must not call once they are gone, hooks of
their own for the end, and auditors of the loader."""
import os
import subprocess

import pytest

from end_cases import EndCase

pytestmark = [pytest.mark.known_python, pytest.mark.one_python, pytest.mark.needs('cc')]
ENDS = pytest.mark.parametrize('end', ['', 'sys.exit(5)', 'os._exit(5)', 'os.execv("/bin/sh", ["sh", "-c", "exit 5"])'])

# Functions without state, whose calls the compiler makes itself.
STATELESS = {'memchr', 'memcmp', 'memcpy', 'memmove', 'memset', 'strchr', 'strcmp', 'strcspn', 'strlen', 'strncmp'}
# A library that defines functions of the C library, each of which calls the next one. Once its destructor has run,
# it writes the name of each that libpymemflow.so calls.
STANDS_IN = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
static int is_gone;
static const char* const names[] = {NAMES};
static const char* const versions[] = {VERSIONS};
static void* next[sizeof names / sizeof *names];
__attribute__((destructor)) static void end(void) { is_gone = 1; }
static void put(const char* text) {
  unsigned long bytes = 0, result = 1;
  while (text[bytes]) ++bytes;
  __asm__ volatile("syscall" : "+a"(result) : "D"(1L), "S"(text), "d"(bytes) : "rcx", "r11", "memory");
}
static int is_ours(const void* caller) {
  Dl_info info;
  if (!dladdr(caller, &info)) return 0;
  const char* own = "libpymemflow.so";
  const char* name = info.dli_fname;
  for (const char* each = name; *each; ++each) if (*each == '/') name = each + 1;
  while (*own && *own == *name) ++own, ++name;
  return *own == *name;
}
__attribute__((visibility("hidden"))) void* find_next(long index, const void* caller) {
  if (next[index] == 0) next[index] = dlvsym(RTLD_NEXT, names[index], versions[index]);
  if (is_gone && is_ours(caller)) { put(names[index]); put("\n"); }
  return next[index];
}
__asm__(".text\n"
  "to_next:\n"
  ".irp register, rax, rdi, rsi, rdx, rcx, r8, r9, r10\n push %\\register\n .endr\n sub $136, %rsp\n"
  ".irp number, 0, 1, 2, 3, 4, 5, 6, 7\n movups %xmm\\number, 16 * \\number(%rsp)\n .endr\n"
  "mov %r11, %rdi\n mov 200(%rsp), %rsi\n call find_next\n mov %rax, %r11\n"
  ".irp number, 0, 1, 2, 3, 4, 5, 6, 7\n movups 16 * \\number(%rsp), %xmm\\number\n .endr\n add $136, %rsp\n"
  ".irp register, r10, r9, r8, rcx, rdx, rsi, rdi, rax\n pop %\\register\n .endr\n jmp *%r11\n");
'''
FUNCTION = '__asm__(".globl %s\\n.type %s, @function\\n%s: mov $%d, %%r11\\n jmp to_next\\n");\n'


def imports(library):
    """{name: version} of the functions that a library takes from others."""
    listed = subprocess.run(['nm', '-D', '--undefined-only', library], stdout=subprocess.PIPE, check=True,
                            universal_newlines=True).stdout
    words = [line.split()[-1].partition('@') for line in listed.splitlines() if line.split()[-2] == 'U']
    return {name: version.strip('@') for name, _, version in words}


@pytest.mark.needs('nm')
@pytest.mark.skipif(os.uname().machine != 'x86_64', reason='has code of x86-64')
class TestFunctionsThatAreGone(EndCase):
    MODES = [{}, {'PYMEMFLOW_RING': '64KiB'}, {'PYMEMFLOW_FLOW': '0'}, {'PYMEMFLOW_COMPAT': 'dtrace'},
             {'PYMEMFLOW_CAPTURE': 'c'}, {'PYMEMFLOW_ATTRIBUTION': 'probe'}]

    @pytest.fixture(autouse=True)
    def library(self, fixtures):
        found = imports(self.build.library)
        data = {'environ', 'stderr', 'stdout'}
        # By these it finds the others.
        names = sorted(name for name in found if name.isascii() and not name.startswith(('__', '_ITM', '_ZGT', '_dl'))
                       and name not in data and not name.startswith('dl') and found[name])
        assert len(names) > 50
        text = STANDS_IN.replace('NAMES', ', '.join('"%s"' % name for name in names)).replace(
            'VERSIONS', ', '.join('"%s"' % found[name] for name in names))
        functions = [FUNCTION % (name, name, name, number) for number, name in enumerate(names)]
        self.stands_in = self.compile('stands_in', text + ''.join(functions))

    @pytest.mark.parametrize('options', MODES)
    @pytest.mark.parametrize('code', ['bytes(77777)', 'import os, resource\nbytes(77777)\n'
                                      'while True:\n    try: os.open("/dev/null", 0)\n    except OSError: break'])
    def test_none_is_called(self, options, code):
        run = self.trace.code('import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n' + code,
                              after=[self.stands_in], output='text', cwd=self.folder, **options)
        assert run.status == 0 and set(run.stdout.split()) <= STATELESS, run.stdout

    def test_none_is_called_for_a_message(self):
        """The report cannot be written, and the line says so."""
        run = self.trace.code('import os; os.mkdir("r"); bytes(77777)', after=[self.stands_in], output=None,
                              cwd=self.folder, PYMEMFLOW_OUTPUT='r')
        assert run.status == 0 and set(run.stdout.split()) <= STATELESS, run.stdout
        assert run.stderr.startswith('pymemflow: ') and run.stderr.count('\n') == 1

    def test_it_notices(self):
        """Calls before the end are not counted; a call after it is."""
        calls = self.compile('libpymemflow', '#include <stdlib.h>\n'
                             '__attribute__((destructor)) static void end(void) { getenv("x"); }\n')
        run = self.trace.program([self.python.path, '-c', 'pass'], preload=False,
                                 LD_PRELOAD='%s:%s' % (calls, self.stands_in))
        assert run.status == 0 and set(run.stdout.split()) <= {'getenv'}


HOOKS_EXIT = '''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
void _exit(int status) {
  void (*next)(int) = (void (*)(int))dlsym(RTLD_NEXT, "_exit");
  free(malloc(4001));
  write(1, "hook\\n", 5);
  next(status);
  __builtin_unreachable();
}
'''
DESTRUCTORS = {
    'exits': '_exit(6);',
    'allocates': 'for (int i = 0; i < 100; ++i) free(malloc(4001));',
    'closes': 'for (int i = 3; i < 2000; ++i) close(i);',
    'forks': 'if (fork() == 0) _exit(0); wait(0);',
    'executes': 'execle("/bin/sh", "sh", "-c", "exit 6", (char*)0, none);',
    'forks and executes': 'if (vfork() == 0) { execle("/bin/true", "true", (char*)0, none); _exit(1); } wait(0);',
    'raises': 'signal(SIGUSR1, leave); raise(SIGUSR1);',
}


class TestHooks(EndCase):
    """Other libraries have work of their own at the end."""

    @pytest.mark.parametrize('is_before', [True, False])
    def test_hook_of_exit(self, is_before):
        library = self.compile('hooks', HOOKS_EXIT)
        options = {'before' if is_before else 'after': [library]}
        run = self.trace.code('import os\nbytes(77777)\nos._exit(5)', **options)
        assert (run.status, run.stdout, run.stderr) == (5, 'hook\n', '')
        self.check(run)

    @pytest.mark.parametrize('is_before', [True, False])
    @pytest.mark.parametrize('what', DESTRUCTORS)
    def test_destructors(self, what, is_before):
        library = self.compile('destructor', '#include <signal.h>\n#include <stdlib.h>\n#include <sys/wait.h>\n'
                               '#include <unistd.h>\nstatic char* none[] = {0};\n'
                               'static void leave(int number) { _exit(6); }\n'
                               '__attribute__((destructor)) static void end(void) { %s }' % DESTRUCTORS[what])
        options = {'before' if is_before else 'after': [library]}
        code = 'bytes(77777)\nraise SystemExit(3)'
        plain = self.trace.code(code, preload=False, LD_PRELOAD=library)
        run = self.trace.code(code, **options)
        assert (run.status, run.stdout, run.stderr) == (plain.status, plain.stdout, plain.stderr)
        assert run.pid in run.reports and run.report.lost == 0


AUDITORS = {
    'binds': '''
        #define _GNU_SOURCE
        #include <link.h>
        unsigned la_version(unsigned version) { return LAV_CURRENT; }
        unsigned la_objopen(struct link_map* map, Lmid_t id, uintptr_t* cookie) {
          return LA_FLG_BINDTO | LA_FLG_BINDFROM;
        }
        uintptr_t la_symbind64(Elf64_Sym* symbol, unsigned index, uintptr_t* from, uintptr_t* to, unsigned* flags,
                               const char* name) {
          return symbol->st_value;
        }''',
    'allocates': '''
        #define _GNU_SOURCE
        #include <link.h>
        #include <stdlib.h>
        unsigned la_version(unsigned version) { free(malloc(77777)); return LAV_CURRENT; }
        unsigned la_objopen(struct link_map* map, Lmid_t id, uintptr_t* cookie) { free(malloc(5000)); return 0; }
        unsigned la_objclose(uintptr_t* cookie) { free(malloc(5000)); return 0; }
        void la_activity(uintptr_t* cookie, unsigned flag) { free(malloc(5000)); }''',
    'searches': '''
        #define _GNU_SOURCE
        #include <link.h>
        unsigned la_version(unsigned version) { return LAV_CURRENT; }
        char* la_objsearch(const char* name, uintptr_t* cookie, unsigned flag) { return (char*)name; }
        void la_preinit(uintptr_t* cookie) {}''',
    'enters': '''
        #define _GNU_SOURCE
        #include <link.h>
        unsigned la_version(unsigned version) { return LAV_CURRENT; }
        unsigned la_objopen(struct link_map* map, Lmid_t id, uintptr_t* cookie) {
          return LA_FLG_BINDTO | LA_FLG_BINDFROM;
        }
        Elf64_Addr la_x86_64_gnu_pltenter(Elf64_Sym* symbol, unsigned index, uintptr_t* from, uintptr_t* to,
                                          La_x86_64_regs* registers, unsigned* flags, const char* name, long* frame) {
          return symbol->st_value;
        }''',
}


@pytest.mark.skipif(os.uname().machine != 'x86_64', reason='the interface of auditors is that of x86-64')
class TestAuditors(EndCase):
    @ENDS
    @pytest.mark.parametrize('kind', AUDITORS)
    def test_kinds(self, kind, end):
        auditor = self.compile('auditor', AUDITORS[kind])
        self.check(self.both('import os, sys\nbytes(77777)\n' + end, LD_AUDIT=auditor))

    def test_two(self):
        auditors = [self.compile(name, AUDITORS[name]) for name in ('binds', 'allocates')]
        self.check(self.both('bytes(77777)', LD_AUDIT=':'.join(auditors)))

    def test_libraries_that_come_late(self):
        """With a fork: the child's end is under the auditor as well."""
        late = self.compile('late', '#include <stdlib.h>\nvoid work(void) { free(malloc(4001)); }')
        code = ('import ctypes, os, _ctypes\nbytes(77777)\nlate = ctypes.CDLL(%r); late.work()\n'
                'if os.fork() == 0: late.work(); os._exit(4)\nassert os.wait()[1] == 4 << 8\n'
                '_ctypes.dlclose(late._handle)' % late)
        run = self.both(code, LD_AUDIT=self.compile('auditor', AUDITORS['binds']))
        assert len(run.reports) == 2 and all(report.lost == 0 for report in run.reports.values())

    def test_of_the_c_library(self):
        auditor = '/usr/lib/%s-linux-gnu/audit/sotruss-lib.so' % os.uname().machine
        if not os.path.exists(auditor):
            pytest.skip('the auditor of sotruss is not installed')
        run = self.trace.code('bytes(77777)\nraise SystemExit(5)', LD_AUDIT=auditor)
        assert run.status == 5
        self.check(run)
