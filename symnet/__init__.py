"""Write a network's loss as a SymPy expression; get its gradient as a formula, as NumPy code, checked, and descended.

The public names, nothing else. See the README for a tour.
"""

from symnet.backends import NUMPY, Kernel, StructuredMatrix, compile, evaluate, load, one_hot, save
from symnet.calculus import RULES
from symnet.checking import CheckRow, GradientCheck, Proof, check_function, check_gradients, check_hessian, prove
from symnet.derivation import Derivation, canonical, derive, gradient
from symnet.diagnosis import Diagnosis, Fault, diagnose, diagnose_update
from symnet.expressions import (
    MLP, OPERANDS, SCALARS, Facts, MatrixNode, ScalarNode, accuracy, binary_cross_entropy, cross_entropy, diag,
    diagonal, elementwise, kron, let, mlp, mse, squared_error, vec,
)  # fmt: skip
from symnet.expressions.functions import *  # noqa: F403
from symnet.expressions.functions import __all__ as _functions
from symnet.notation import FORMULAS, NOTATIONS, formula, show, typeset_in_notebooks
from symnet.optimizers import (
    AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp, SignSGD, cosine_decay, exponential_decay,
    step_decay, warmup,
)  # fmt: skip
from symnet.parsing import parse
from symnet.program import Equation, Program
from symnet.second import gauss_newton, hessian, hvp, jacobian, jvp
from symnet.slopes import slope as _slope  # noqa: F401  SymPy learns to differentiate
from symnet.training import Training, glorot, normal, resume, train, uniform, zeros

__version__ = "0.2.0"
__all__ = [
    *_functions, "FORMULAS", "MLP", "NOTATIONS", "NUMPY", "OPERANDS", "RULES", "SCALARS", "AdaGrad", "Adam",
    "AdamW", "CheckRow", "Derivation", "Diagnosis", "Equation", "Facts", "Fault", "GradientCheck",
    "GradientDescent", "Kernel", "MatrixNode", "Momentum", "Nesterov", "Program", "Proof", "RMSProp", "ScalarNode",
    "SignSGD", "StructuredMatrix", "Training", "accuracy", "binary_cross_entropy", "canonical", "check_function",
    "check_gradients", "check_hessian", "compile", "cosine_decay", "cross_entropy", "derive", "diag", "diagnose",
    "diagnose_update", "diagonal", "elementwise", "evaluate", "exponential_decay", "formula", "gauss_newton",
    "glorot", "gradient", "hessian", "hvp", "jacobian", "jvp", "kron", "let", "load", "mlp", "mse", "normal",
    "one_hot", "parse", "prove", "resume", "save", "show", "squared_error", "step_decay", "train", "uniform", "vec",
    "warmup", "zeros",
]  # fmt: skip

typeset_in_notebooks()


def __dir__() -> list[str]:
    return sorted(__all__)
