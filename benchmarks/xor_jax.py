"""XOR with JAX, a program of its own to be timed as a whole: one compiled step in a loop; prints the last loss."""

import jax
from jax import numpy as jnp

from benchmarks import xor_task as task

jax.config.update("jax_enable_x64", True)
X, Y = jnp.asarray(task.X), jnp.asarray(task.Y)


def loss_of(parameters):
    W1, b1, W2, b2 = parameters
    A1 = jax.nn.sigmoid(W1 @ X + b1)
    A2 = jax.nn.sigmoid(W2 @ A1 + b2)
    return ((A2 - Y) ** 2).sum() / (2 * X.shape[1])


@jax.jit
def step(parameters):
    loss, gradients = jax.value_and_grad(loss_of)(parameters)
    return loss, [p - task.RATE * g for p, g in zip(parameters, gradients, strict=True)]


parameters = [jnp.asarray(p) for p in task.START.values()]
for _ in range(task.STEPS):
    loss, parameters = step(parameters)
print(float(loss))
