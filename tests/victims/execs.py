"""Executes another program in the way that the argument names; goes on if that fails."""
import os
import sys

import leak

leak.before()
print('first')
sys.stdout.flush()
way = sys.argv[1]
try:
    if way == 'execv':
        os.execv('/bin/sh', ['sh', '-c', 'echo second; exit 7'])
    elif way == 'execvpe':
        os.execvpe('sh', ['sh', '-c', 'echo $SECOND; exit 7'], dict(os.environ, SECOND='second'))
    elif way == 'absent':
        os.execv('/no/such/program', ['program'])
    elif way == 'absent in path':
        os.execvp('no-such-program-anywhere', ['program'])
    elif way == 'unfit':
        with open('unfit', 'wb') as file:
            file.write(b'no program')
        os.chmod('unfit', 0o755)
        os.execv('./unfit', ['unfit'])
except OSError as error:
    print(type(error).__name__, error.errno)
leak.after()
