"""How a parameter moves, as equations.

In: a parameter, the name of its gradient, symbols of hyperparameters and states. Out: expressions of the new values,
which are printed and compiled like everything else. Nothing here computes.
"""

from symnet.optimizers.descent import GradientDescent
from symnet.optimizers.optimizer import Optimizer

__all__ = ["GradientDescent", "Optimizer"]
