"""The one list of equations: from an expression to named operations, and the views of them.

In: SymPy expressions. Out: a frozen `Program`, made by a `Builder`, and what the reader, the machine and a closed form
see of it. Nothing here knows a derivative, a notation or a number.
"""

from symnet.program.builder import Builder
from symnet.program.building import collector_paused
from symnet.program.chains import estimate
from symnet.program.inline import (
    as_read, as_written, closed, closed_at, expanded, for_machine, for_reader, live, readable, substitute,
)  # fmt: skip
from symnet.program.names import Names, symbol_like
from symnet.program.normal_form import NORMAL_FORMS
from symnet.program.program import Equation, Program, Role, Section
from symnet.program.stating import Labels, Target, targets_of
from symnet.program.solving import with_known_inverses
from symnet.program.survey import Survey, survey

__all__ = [
    "NORMAL_FORMS", "Builder", "Equation", "Labels", "Names", "Program", "Role", "Section", "Survey", "Target",
    "as_read", "as_written", "closed", "closed_at", "collector_paused", "estimate", "expanded", "for_machine",
    "for_reader", "live", "readable", "substitute", "survey", "symbol_like", "targets_of", "with_known_inverses",
]  # fmt: skip
