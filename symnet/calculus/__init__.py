"""The table of matrix calculus, and the reverse sweep that looks every operation up in it.

In: a program of equations. Out: the adjoint equations in the same program, and those of second derivatives. Nothing
here prints or computes.
"""

from symnet.calculus import images as images  # rows of RULES
from symnet.calculus.free import in_free_entries
from symnet.calculus.hessians import second_derivative, with_hessians
from symnet.calculus import linalg as linalg, spectral as spectral, dense as dense, pixels as pixels  # rows of tables
from symnet.calculus.linear import struck_off
from symnet.calculus.outer import Outer
from symnet.calculus.residuals import System, assembled, with_jacobian
from symnet.calculus.reverse import sweep
from symnet.calculus.rules import RULES, Rule
from symnet.calculus.second import paired, slopes_along

__all__ = [
    "RULES", "Outer", "Rule", "System", "assembled", "in_free_entries", "paired", "second_derivative", "slopes_along",
    "struck_off", "sweep", "with_hessians", "with_jacobian",
]  # fmt: skip
