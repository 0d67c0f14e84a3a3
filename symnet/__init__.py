"""Write a network's loss as a SymPy expression; get its gradient as a formula, as NumPy code, checked, and descended.

The public names, nothing else. See the README for a tour.
"""

from symnet.algebra import elementwise
from symnet.check import check_function, check_gradients
from symnet.derive import Derivation, derive, gradient
from symnet.diagnose import diagnose, diagnose_update
from symnet.diagnosis import Diagnosis, Fault
from symnet.functions import *  # noqa: F403
from symnet.functions import __all__ as _functions
from symnet.initializers import glorot, normal, uniform, zeros
from symnet.kernel import Kernel, evaluate
from symnet.losses import binary_cross_entropy, cross_entropy, mse, squared_error
from symnet.nodes import let
from symnet.optimizers import GradientDescent
from symnet.program import Equation
from symnet.prove import Proof, prove
from symnet.report import CheckRow, GradientCheck
from symnet.train import Training, train

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
