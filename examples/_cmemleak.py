"""Finds cMemLeak, so that an example runs from a checkout as it is: no installation, no PYTHONPATH.

The module is built, so it lies below build/, not beside the scripts that need it.
"""
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_BUILD = os.path.join(os.path.dirname(_HERE), 'build')

# At the end of the path: an example's needs must not hide what is there already.
sys.path.append(_HERE)
for _preset in ('release', 'ci', 'dev'):
    sys.path.append(os.path.join(_BUILD, _preset, 'examples'))

try:
    import cMemLeak
except ImportError as error:
    sys.exit('{}: build it with scripts/build (looked in {})'.format(error, _BUILD))
