"""A derivation inside other people's code: a loss that JAX or PyTorch calls, whose gradient is symnet's derivation.

In: a derivation. Out: functions of their arrays. Neither library is loaded before it is asked for, and nothing here
knows a formula.
"""

from symnet.frameworks.jax_loss import JaxLoss, to_jax
from symnet.frameworks.torch_loss import TorchLoss, to_torch

__all__ = ["JaxLoss", "TorchLoss", "to_jax", "to_torch"]
