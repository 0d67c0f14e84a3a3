"""How a parameter moves, as equations.

In: a parameter, the name of its gradient, symbols of hyperparameters and states. Out: expressions of the new values,
which are printed and compiled like everything else. Nothing here computes.
"""

from symnet.optimizers.adaptive import AdaGrad, Adam, AdamW, RMSProp
from symnet.optimizers.descent import GradientDescent, Momentum, Nesterov, SignSGD
from symnet.optimizers.optimizer import Optimizer
from symnet.optimizers.schedules import (
    SCHEDULES, Rate, cosine_decay, exponential_decay, is_number, rate_at, step_decay, warmup,
)  # fmt: skip

__all__ = [
    "SCHEDULES", "AdaGrad", "Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "Optimizer", "RMSProp",
    "Rate", "SignSGD", "cosine_decay", "exponential_decay", "is_number", "rate_at", "step_decay", "warmup",
]  # fmt: skip
