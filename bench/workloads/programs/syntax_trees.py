"""Syntax trees of the standard library."""
import ast
import glob
import sysconfig

for name in sorted(glob.glob(sysconfig.get_paths()['stdlib'] + '/*.py'))[:60]:
    with open(name, encoding='utf-8', errors='replace') as file:
        ast.dump(ast.parse(file.read()))
