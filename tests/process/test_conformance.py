"""Compat mode prints what the real DTrace printed, for the Python that it was recorded with:
scripts/conformance compares them and describes how."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys

import pytest

import built
import runs

SCRIPT = os.path.join(built.ROOT, 'scripts', 'conformance')


def recorded_names():
    loader = importlib.machinery.SourceFileLoader('conformance', SCRIPT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('conformance', loader))
    loader.exec_module(module)
    return [recorded.name for recorded in module.RECORDED]


@pytest.mark.parametrize('name', recorded_names())
def test_recorded(name, build):
    done = subprocess.run([sys.executable, SCRIPT, '--library', build.library, name],
                          env=runs.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, check=False)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip().split('\n')[-1])
    assert done.returncode == 0, done.stdout
