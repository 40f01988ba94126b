"""Uses exceptions and operator new before and after a report; prints which libraries serve them."""
import errno
import os
import sys

sys.path.append(os.environ['PMF_THROWS_AND_NEWS'])
import throws_and_news  # noqa: E402

NAMES = ('_Znwm', '_ZdlPv', '_Unwind_RaiseException', '__cxa_throw', 'mi_malloc', 'mi_free',
         '_Ux86_64_step', '_Ux86_64_init_local', 'unw_backtrace', 'elf_version', 'elf_begin')


def use(blocks):
    print(sum(throws_and_news.throw_and_catch() == 'caught' for _ in range(100)))
    throws_and_news.new_and_delete(blocks)


def owners():
    for name in NAMES:
        print(name, os.path.basename(throws_and_news.owner(name) or 'nobody'))


use(100000)
owners()
# An exec that fails for a reason that is not foreseen: the report is made before it.
try:
    os.execv(sys.executable, ['x' * 2000000])
except OSError as error:
    print(errno.errorcode[error.errno])
with open('/proc/self/maps') as maps:
    print('loaded', *sorted({name for name in ('libmimalloc', 'libelf') if name in maps.read()}))
use(1000)
owners()
