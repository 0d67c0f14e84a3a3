"""Write a network's loss as a SymPy expression; get its gradient as a formula, as NumPy code, checked, and descended.

The public names, nothing else. See the README for a tour.
"""

from symnet.backends import NUMPY, Kernel, compile, evaluate
from symnet.calculus import RULES
from symnet.checking import CheckRow, GradientCheck, Proof, check_function, check_gradients, prove
from symnet.derivation import Derivation, derive, gradient
from symnet.diagnosis import Diagnosis, Fault, diagnose, diagnose_update
from symnet.expressions import (
    OPERANDS, SCALARS, Facts, MatrixNode, ScalarNode, binary_cross_entropy, cross_entropy, elementwise, let, mse,
    squared_error,
)  # fmt: skip
from symnet.expressions.functions import *  # noqa: F403
from symnet.expressions.functions import __all__ as _functions
from symnet.notation import FORMULAS, NOTATIONS, formula, show
from symnet.optimizers import GradientDescent
from symnet.program import Equation, Program
from symnet.training import Training, glorot, normal, train, uniform, zeros

__version__ = "0.2.0"
__all__ = [
    *_functions, "FORMULAS", "NOTATIONS", "NUMPY", "OPERANDS", "RULES", "SCALARS", "CheckRow", "Derivation",
    "Diagnosis", "Equation", "Facts", "Fault", "GradientCheck", "GradientDescent", "Kernel", "MatrixNode", "Program",
    "Proof", "ScalarNode", "Training", "binary_cross_entropy", "check_function", "check_gradients", "compile",
    "cross_entropy", "derive", "diagnose", "diagnose_update", "elementwise", "evaluate", "formula", "glorot",
    "gradient", "let", "mse", "normal", "prove", "show", "squared_error", "train", "uniform", "zeros",
]  # fmt: skip
