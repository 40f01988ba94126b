"""The base of test classes: the fixtures as attributes, and a folder of the test's own."""
import os

import pytest


class Case:
    """python, trace, cli, build and folder are the fixtures of that name; `environment` is what a
    traced program gets, for tests that change it. A fixture of a class below that needs them asks for
    `fixtures`."""

    @pytest.fixture(autouse=True)
    def fixtures(self, python, trace, cli, build, folder):
        self.python, self.trace, self.cli, self.build = python, trace, cli, build
        self.folder = folder
        self.environment = trace.environment()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding='utf-8', newline='') as file:
            return file.read()
