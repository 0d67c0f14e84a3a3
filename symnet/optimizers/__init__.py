"""How a parameter moves, or all of them together, as equations.

In: a parameter, the name of its gradient, symbols of hyperparameters and states. Out: expressions of the new values,
which are printed and compiled like everything else. Nothing here computes.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from symnet.expressions import loaded_later as _loaded_later
from symnet.optimizers.descent import GradientDescent, Momentum, Nesterov, SignSGD
from symnet.optimizers.optimizer import (
    Optimizer, Rule, Solver, equations_of, hyperparameter,
)  # fmt: skip
from symnet.optimizers.rates import Rate, is_number, number_of, rate_at, rates_at
from symnet.optimizers.updates import Updated, as_optimizer, with_updates

if _TYPE_CHECKING:
    from symnet.optimizers.adaptive import FIRST_ORDER, AdaGrad, Adam, AdamW, RMSProp
    from symnet.optimizers.schedules import SCHEDULES, cosine_decay, exponential_decay, step_decay, warmup
    from symnet.optimizers.solvers import LBFGS, GaussNewton, LevenbergMarquardt, NewtonCG

__all__ = [
    "AdaGrad", "Adam", "AdamW", "FIRST_ORDER", "GaussNewton", "GradientDescent", "LBFGS", "LevenbergMarquardt",
    "Momentum", "Nesterov", "NewtonCG", "Optimizer", "RMSProp", "Rate", "Rule", "SCHEDULES", "SignSGD", "Solver",
    "Updated", "as_optimizer", "cosine_decay", "equations_of", "exponential_decay", "hyperparameter", "is_number",
    "number_of", "rate_at", "rates_at", "step_decay", "warmup", "with_updates",
]  # fmt: skip

_LATER = {  # loaded when it is first asked for
    "adaptive": "FIRST_ORDER AdaGrad Adam AdamW RMSProp",
    "schedules": "SCHEDULES cosine_decay exponential_decay step_decay warmup",
    "solvers": "LBFGS GaussNewton LevenbergMarquardt NewtonCG",
}
if not _TYPE_CHECKING:
    __getattr__ = _loaded_later(__name__, _LATER)
