"""Compiles the standard library."""
import glob
import os
import py_compile
import sysconfig
import tempfile

with tempfile.TemporaryDirectory() as folder:
    for name in sorted(glob.glob(sysconfig.get_paths()['stdlib'] + '/*.py'))[:50]:
        py_compile.compile(name, os.path.join(folder, 'x.pyc'))
