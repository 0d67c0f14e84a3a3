"""Write a network's loss as a SymPy expression; get its gradient as a formula, as NumPy code, checked, and descended.

The public names, nothing else. See the README for a tour. What runs, prints, trains, checks and diagnoses is loaded
when it is first asked for: who only derives does not wait for it.
"""

import sys as _sys
from importlib import import_module as _import
from typing import TYPE_CHECKING as _TYPE_CHECKING

from symnet.calculus import RULES
from symnet.derivation import Derivation, derive, gradient
from symnet.expressions import (
    Cell, Facts, MLP, MatrixNode, OPERANDS, SCALARS, ScalarNode, accuracy, adjugate, arccos, arcsin, arctan, avg_pool2d,
    binary_cross_entropy, categorical_hinge, conv1d, conv2d, cosh, cosine_similarity, cross_entropy, cumsum, det, diag,
    diagonal, divide, elementwise, expm, focal, fold, gru, hinge, hstack, huber, inv, kl_divergence, kron, let, logdet,
    lstm, max_pool2d, mlp, mse, nuclear_norm, pinv, power, reshape, rnn, roll, sinh, solve, spectral_norm, square,
    squared_error, tan, trace, triplet, unfold, vec, vstack, transposed as transpose,
)  # fmt: skip
from symnet.expressions.functions import *  # noqa: F403
from symnet.expressions.functions import __all__ as _functions
from symnet.program import Equation, Program
from symnet.textbook import canonical
from symnet.slopes import slope as _slope  # noqa: F401  SymPy learns to differentiate

if _TYPE_CHECKING:
    from symnet.backends import (
        C99, JAX, NUMPY, Kernel, StructuredMatrix, compile, evaluate, load, one_hot, save,
    )  # fmt: skip
    from symnet.costing import Cost, CostRow
    from symnet.checking import CheckRow, GradientCheck, Proof, check_function, check_gradients, check_hessian, prove
    from symnet.diagnosis import Diagnosis, Fault, diagnose, diagnose_update
    from symnet.notation import FORMULAS, NOTATIONS, formula, show
    from symnet.optimizers import (
        AdaGrad, Adam, AdamW, GaussNewton, GradientDescent, LBFGS, LevenbergMarquardt, Momentum, Nesterov, NewtonCG,
        RMSProp, SignSGD, cosine_decay, exponential_decay, step_decay, warmup,
    )  # fmt: skip
    from symnet.overview import Summary, summary
    from symnet.parsing import parse
    from symnet.second import gauss_newton, hessian, hvp, jacobian, jvp
    from symnet.training import Training, glorot, normal, resume, train, uniform, zeros

__version__ = "0.2.0"
__all__ = [
    *_functions, "C99", "FORMULAS", "JAX", "LBFGS", "MLP", "NOTATIONS", "NUMPY", "OPERANDS", "RULES", "SCALARS",
    "AdaGrad", "Adam", "AdamW", "Cell", "CheckRow", "Cost", "CostRow", "Derivation", "Diagnosis", "Equation",
    "Facts", "Fault", "GaussNewton", "GradientCheck", "GradientDescent", "Kernel", "LevenbergMarquardt",
    "MatrixNode", "Momentum", "Nesterov", "NewtonCG", "Program", "Proof", "RMSProp", "ScalarNode", "SignSGD",
    "StructuredMatrix", "Summary", "Training", "accuracy", "adjugate", "arccos", "arcsin", "arctan", "avg_pool2d",
    "binary_cross_entropy", "canonical", "categorical_hinge", "check_function", "check_gradients", "check_hessian",
    "compile", "conv1d", "conv2d", "cosh", "cosine_decay", "cosine_similarity", "cross_entropy", "cumsum", "derive",
    "det", "diag", "diagnose", "diagnose_update", "diagonal", "divide", "elementwise", "evaluate", "expm",
    "exponential_decay", "focal", "fold", "formula", "gauss_newton", "glorot", "gradient", "gru", "hessian",
    "hinge", "hstack", "huber", "hvp", "inv", "jacobian", "jvp", "kl_divergence", "kron", "let", "load", "logdet",
    "lstm", "max_pool2d", "mlp", "mse", "normal", "nuclear_norm", "one_hot", "parse", "pinv", "power", "prove",
    "reshape", "resume", "rnn", "roll", "save", "show", "sinh", "solve", "spectral_norm", "square", "squared_error",
    "step_decay", "summary", "tan", "trace", "train", "transpose", "triplet", "unfold", "uniform", "vec", "vstack",
    "warmup", "zeros",
]  # fmt: skip

_LATER = {
    "backends": "C99 JAX NUMPY Kernel StructuredMatrix compile evaluate load one_hot save",
    "checking": "CheckRow GradientCheck Proof check_function check_gradients check_hessian prove",
    "costing": "Cost CostRow",
    "diagnosis": "Diagnosis Fault diagnose diagnose_update",
    "notation": "FORMULAS NOTATIONS formula show",
    "optimizers": "AdaGrad Adam AdamW GaussNewton GradientDescent LBFGS LevenbergMarquardt Momentum Nesterov NewtonCG "
    "RMSProp SignSGD cosine_decay exponential_decay step_decay warmup",
    "overview": "Summary summary",
    "parsing": "parse",
    "second": "gauss_newton hessian hvp jacobian jvp",
    "training": "Training glorot normal resume train uniform zeros",
}
_WINGS = {name: wing for wing, names in _LATER.items() for name in names.split()}

if "IPython" in _sys.modules:
    _import("symnet.notation").typeset_in_notebooks()


if not _TYPE_CHECKING:  # who checks types knows every name
    _answered = _import("symnet.expressions").answered
    globals().update({name: _answered(globals()[name], name) for name in __all__ if name in globals()})

    def __getattr__(name):
        if name in _LATER:
            return _import(f"symnet.{name}")
        if name not in _WINGS:
            words = _import("symnet.expressions")
            way = "" if name.startswith("_") else words.instead(name, __all__, words.FUNCTIONS, "sn.")
            raise AttributeError(f"module 'symnet' has no attribute {name!r}{way}", name=name, obj=_import("symnet"))
        wing = _import(f"symnet.{_WINGS[name]}")
        loaded = (n for n in _LATER[_WINGS[name]].split() if n in vars(wing) and n not in globals())
        globals().update({n: _answered(getattr(wing, n), n) for n in (name, *loaded)})
        return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
