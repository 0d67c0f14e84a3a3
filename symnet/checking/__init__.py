"""Is it right? Symbolic gradients against numeric ones, and against `sympy.diff` entry by entry.

In: a loss and values, or anybody's function and gradient. Out: results that say what agrees. Nothing here derives a
formula of its own.
"""

from symnet.checking.check import check_function, check_gradients
from symnet.checking.hessian import check_hessian
from symnet.checking.prove import Proof, prove
from symnet.checking.result import CheckRow, GradientCheck

__all__ = [
    "CheckRow", "GradientCheck", "Proof", "check_function", "check_gradients", "check_hessian", "prove",
]  # fmt: skip
