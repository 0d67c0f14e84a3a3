"""How a parameter moves, or all of them together, as equations.

In: a parameter, the name of its gradient, symbols of hyperparameters and states. Out: expressions of the new values,
which are printed and compiled like everything else. Nothing here computes.
"""

from importlib import import_module as _import
from typing import TYPE_CHECKING as _TYPE_CHECKING

from symnet.optimizers.descent import GradientDescent, Momentum, Nesterov, SignSGD
from symnet.optimizers.optimizer import (
    NOT_NEGATIVE, POSITIVE, Optimizer, Rule, Solver, equations_of, hyperparameter,
)  # fmt: skip
from symnet.optimizers.rates import Rate, is_number, number_of, rate_at, rates_at
from symnet.optimizers.updates import Updated, as_optimizer, with_updates

if _TYPE_CHECKING:
    from symnet.optimizers.adaptive import FIRST_ORDER, AdaGrad, Adam, AdamW, RMSProp
    from symnet.optimizers.schedules import SCHEDULES, cosine_decay, exponential_decay, step_decay, warmup
    from symnet.optimizers.solvers import LBFGS, GaussNewton, LevenbergMarquardt, NewtonCG

__all__ = [
    "FIRST_ORDER", "LBFGS", "NOT_NEGATIVE", "POSITIVE", "SCHEDULES", "AdaGrad", "Adam", "AdamW", "GaussNewton",
    "GradientDescent", "LevenbergMarquardt", "Momentum", "Nesterov", "NewtonCG", "Optimizer", "RMSProp", "Rate",
    "Rule", "SignSGD", "Solver", "Updated", "as_optimizer", "cosine_decay", "equations_of", "exponential_decay",
    "hyperparameter", "is_number", "number_of", "rate_at", "rates_at", "step_decay", "warmup", "with_updates",
]  # fmt: skip

_LATER = {  # loaded when it is first asked for
    "adaptive": "FIRST_ORDER AdaGrad Adam AdamW RMSProp",
    "schedules": "SCHEDULES cosine_decay exponential_decay step_decay warmup",
    "solvers": "LBFGS GaussNewton LevenbergMarquardt NewtonCG",
}
_FILES = {name: file for file, names in _LATER.items() for name in names.split()}

if not _TYPE_CHECKING:

    def __getattr__(name):
        if name not in _FILES:
            raise AttributeError(f"module 'symnet.optimizers' has no attribute {name!r}", name=name)
        globals()[name] = found = getattr(_import(f"symnet.optimizers.{_FILES[name]}"), name)
        return found
