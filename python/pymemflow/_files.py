"""Finds the files that belong to the package.

They are beside the modules in a wheel, and in build/release of a checkout.

Standard library only. Any thread.
"""

import os
import re
from typing import Optional

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))


def find(name: str) -> Optional[str]:
    """Returns the path of the command or of the library; None when there is none."""
    for folder in (_PACKAGE, os.path.join(_CHECKOUT, "build", "release")):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def checkout_version() -> str:
    """Returns the version that CMakeLists.txt of the checkout states, or "0+unknown"."""
    try:
        with open(os.path.join(_CHECKOUT, "CMakeLists.txt"), encoding="utf-8") as file:
            text = file.read()
    except OSError:
        text = ""
    match = re.search(r"^project\(pymemflow VERSION ([0-9.]+)", text, re.MULTILINE)
    return match.group(1) if match else "0+unknown"
