"""Files of a wing that are loaded when somebody first asks for one of their names.

In: the name of a wing, and what its files hold. Out: the `__getattr__` of the wing.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


def loaded_later(wing: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """Give the `__getattr__` of a wing; files: names, with spaces between them, by the file that has them."""
    file_of = {name: file for file, names in files.items() for name in names.split()}

    def of_wing(name: str) -> Any:
        if name not in file_of:
            raise AttributeError(f"module {wing!r} has no attribute {name!r}", name=name, obj=modules[wing])
        found = getattr(import_module(f"{wing}.{file_of[name]}"), name)
        setattr(modules[wing], name, found)
        return found

    return of_wing
