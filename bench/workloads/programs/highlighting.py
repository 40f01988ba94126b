"""Python source as HTML, with Pygments."""
import argparse

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

with open(argparse.__file__, encoding='utf-8') as file:
    pygments.highlight(file.read(), PythonLexer(), HtmlFormatter())
