"""The loop: from a loss, data and starting weights to weights that fit.

In: what `train` is given. Out: a `Training`. The step is compiled from equations; nothing here knows a formula.
"""

from symnet.training.initializers import Initializer, glorot, normal, uniform, zeros
from symnet.training.result import Training
from symnet.training.train import resume, train

__all__ = ["Initializer", "Training", "glorot", "normal", "resume", "train", "uniform", "zeros"]
