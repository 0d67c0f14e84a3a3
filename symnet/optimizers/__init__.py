"""How a parameter moves, or all of them together, as equations.

In: a parameter, the name of its gradient, symbols of hyperparameters and states. Out: expressions of the new values,
which are printed and compiled like everything else. Nothing here computes.
"""

from symnet.optimizers.adaptive import AdaGrad, Adam, AdamW, RMSProp
from symnet.optimizers.descent import GradientDescent, Momentum, Nesterov, SignSGD
from symnet.optimizers.optimizer import NOT_NEGATIVE, POSITIVE, Optimizer, Rule, equations_of, hyperparameter
from symnet.optimizers.schedules import (
    SCHEDULES, Rate, cosine_decay, exponential_decay, is_number, number_of, rate_at, rates_at, step_decay, warmup,
)  # fmt: skip
from symnet.optimizers.solvers import LBFGS, GaussNewton, LevenbergMarquardt, NewtonCG, Solver
from symnet.optimizers.updates import FIRST_ORDER, Updated, as_optimizer, with_updates

__all__ = [
    "FIRST_ORDER", "LBFGS", "NOT_NEGATIVE", "POSITIVE", "SCHEDULES", "AdaGrad", "Adam", "AdamW", "GaussNewton",
    "GradientDescent", "LevenbergMarquardt", "Momentum", "Nesterov", "NewtonCG", "Optimizer", "RMSProp", "Rate",
    "Rule", "SignSGD", "Solver", "Updated", "as_optimizer", "cosine_decay", "equations_of", "exponential_decay",
    "hyperparameter", "is_number", "number_of", "rate_at", "rates_at", "step_decay", "warmup", "with_updates",
]  # fmt: skip
