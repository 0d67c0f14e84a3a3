"""A step on many devices, simulated from the equations of a deep net: where data parallelism stops paying.

    python examples/scale.py

Every device has all weights and an equal part of the samples. It computes the equations in their order; as soon as
gradients fill a bucket, their sums over all devices are made in a ring, beside the equations that follow. What each
equation takes is its cost, `Derivation.cost`, on a machine that is described by four numbers.
"""

from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

import symnet as sn

BUCKET = 25e6  # bytes of gradients that are sent together


@dataclass(frozen=True)
class Machine:
    """`operations` a second, each a multiplication with its addition; bytes a second of a device's `memory` and of the
    `network`, from each device to the next; `latency`: the seconds that a message takes whatever its size."""

    operations: float = 5e13
    memory: float = 2e12
    network: float = 2e10
    latency: float = 5e-6

    def computing(self, row: sn.CostRow) -> float:
        """Give the seconds of an equation: those of its operations or of its bytes, whichever are more."""
        return max(float(row.operations) / self.operations, float(row.bytes) / self.memory)

    def ring(self, size: float, devices: int) -> float:
        """Give the seconds in which arrays of so many bytes are summed over all devices, and every device has the sum.

        There are 2(k − 1) rounds, in each of which every device sends a k-th part to the next one.
        """
        return 2 * (devices - 1) * (size / devices / self.network + self.latency)


def deep(layers: int, width: int | str) -> sn.Derivation:
    """Derive a net of tanh layers of one width, with squared error."""
    X, Y = sn.matrix("X", width, "n"), sn.matrix("Y", width, "n")
    A, parameters = X, []
    for k in range(1, layers + 1):
        W, b = sn.matrix(f"W{k}", width, width), sn.vector(f"b{k}", width)
        parameters += [W, b]
        A = sn.tanh(sn.affine(W, A, b))
    return sn.derive(sn.squared_error(A, Y), parameters)


@cache
def cost_of(d: sn.Derivation, samples: int) -> sn.Cost:
    """Give what so many samples cost in float32."""
    return d.cost({"n": samples}, np.float32)


@dataclass(frozen=True)
class Step:
    """Seconds of a step: `computing`, `sending`, and `whole`, of which a part is both."""

    computing: float
    sending: float
    whole: float


def step(d: sn.Derivation, samples: int, devices: int, machine: Machine) -> Step:
    """Simulate a step in float32 in which all devices together have so many samples."""
    cost = cost_of(d, samples // devices)
    gradients = {name.name for name in d.gradient_names.values()}
    now = free = sending = waiting = 0.0  # the clock; when the network is free; its seconds; bytes in the bucket
    for row in cost.rows:
        now += machine.computing(row)
        waiting += 4 * prod(row.shape) if row.name.name in gradients else 0
        if waiting >= BUCKET or row is cost.rows[-1]:
            seconds = machine.ring(waiting, devices)
            free, sending, waiting = max(now, free) + seconds, sending + seconds, 0.0
    return Step(now, sending, max(now, free))


def table(d: sn.Derivation, samples: int, machine: Machine, most: int = 256) -> None:
    """Print a step of the same samples on 1, 2, 4, … devices."""
    alone = step(d, samples, 1, machine).whole
    print(
        f"{'devices':>8} {'samples each':>13} {'computing':>11} {'sending':>10} {'step':>10} {'speed':>7} {'of k':>6}"
    )
    k = 1
    while k <= min(most, samples):
        s = step(d, samples, k, machine)
        ms = [f"{1e3 * seconds:.2f} ms" for seconds in (s.computing, s.sending, s.whole)]
        faster = alone / s.whole
        print(f"{k:8} {samples // k:13,} {ms[0]:>11} {ms[1]:>10} {ms[2]:>10} {faster:6.1f}x {faster / k:6.0%}")
        k *= 2


if __name__ == "__main__":
    print("24 layers of 4,096 units, 65,536 samples a step, float32")
    table(deep(24, 4096), 65536, Machine())
