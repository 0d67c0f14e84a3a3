"""Write a network's loss as a SymPy expression; get its gradient as a formula, as NumPy code, checked, and descended.

The public names, nothing else. See the README for a tour.
"""

from symnet.expressions.algebra import elementwise
from symnet.checking.check import check_function, check_gradients
from symnet.derivation import Derivation, derive, gradient
from symnet.diagnosis.diagnose import diagnose, diagnose_update
from symnet.diagnosis.result import Diagnosis, Fault
from symnet.expressions.functions import *  # noqa: F403
from symnet.expressions.functions import __all__ as _functions
from symnet.training.initializers import glorot, normal, uniform, zeros
from symnet.backends.kernel import Kernel, evaluate
from symnet.expressions.losses import binary_cross_entropy, cross_entropy, mse, squared_error
from symnet.expressions.nodes import let
from symnet.optimizers.descent import GradientDescent
from symnet.program.program import Equation
from symnet.checking.prove import Proof, prove
from symnet.checking.result import CheckRow, GradientCheck
from symnet.training.train import Training, train

__version__ = "0.1.0"
__all__ = [
    *_functions,
    "CheckRow",
    "Derivation",
    "Diagnosis",
    "Equation",
    "Fault",
    "GradientCheck",
    "GradientDescent",
    "Kernel",
    "Proof",
    "Training",
    "binary_cross_entropy",
    "check_function",
    "check_gradients",
    "cross_entropy",
    "derive",
    "diagnose",
    "diagnose_update",
    "elementwise",
    "evaluate",
    "glorot",
    "gradient",
    "let",
    "mse",
    "normal",
    "prove",
    "squared_error",
    "train",
    "uniform",
    "zeros",
]
