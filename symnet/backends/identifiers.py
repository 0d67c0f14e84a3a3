"""Python identifiers for names that a user has chosen freely: safe, unique, shadowing nothing that code uses.

In: names. Out: identifiers. A name is never executed, whatever stands in it.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
import unicodedata
from collections.abc import Collection

import numpy as np

from symnet.backends import functional, matrix_functions
from symnet.backends.emitter import SIZED
from symnet.backends.windows import FUNCTIONS

_RESERVED = {*dir(np), *dir(np.linalg), *dir(builtins), *dir(math), "numpy", "kernel", "erfc", "gammaln", "polygamma"}
_RESERVED |= {*FUNCTIONS, "as_strided", *dir(matrix_functions), *dir(functional), "jvp", "partial"}
_RESERVED |= {f"{SIZED}{name}" for name in (*dir(np), *dir(math), "erf", "erfc", "gammaln", "polygamma")}


def identifiers(names: Collection[str]) -> dict[str, str]:
    """Give each name a Python identifier of its own that shadows nothing the code uses.

    >>> identifiers(["W1", "W.1", "lambda", "exp"])
    {'W1': 'W1', 'lambda': 'lambda_', 'exp': 'exp_', 'W.1': 'W_1'}
    """
    taken: set[str] = set()
    given = {}
    for name in sorted(names, key=lambda n: not n.isidentifier()):
        safe = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
        safe = safe if safe.isidentifier() or keyword.iskeyword(safe) else f"_{safe}"
        while safe in taken or safe in _RESERVED or keyword.iskeyword(safe) or keyword.issoftkeyword(safe):
            safe += "_"
        taken.add(safe)
        given[name] = safe
    return given
