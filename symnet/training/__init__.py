"""The loop: from a loss, data and starting weights to weights that fit.

In: what `train` is given. Out: a `Training`. The step is compiled from equations; nothing here knows a formula.
"""

from symnet.training.initializers import Initializer, glorot, normal, uniform, zeros
from symnet.training.begin import begun
from symnet.training.loop import Loop, State
from symnet.training.plan import Task, planned
from symnet.training.result import Training
from symnet.training.train import resume, train

__all__ = [
    "Initializer", "Loop", "State", "Task", "Training", "begun", "glorot", "normal", "planned", "resume", "train",
    "uniform", "zeros",
]  # fmt: skip
