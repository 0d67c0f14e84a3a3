"""Resident memory of a long training run with checkpoints, validation and a log: `python -m benchmarks.memory`.

It is to be flat: what a run holds after its first minute it holds after an hour. Linux alone tells the figure.
"""

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

import symnet as sn

PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20


def resident() -> float:
    """Give the MiB of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def main() -> None:
    """Train, and print the seconds, epochs and MiB each so many seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long to train")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two lines")
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    X, Y = sn.matrix("X", 784, "n"), sn.matrix("Y", 10, "n")
    data = {X: rng.normal(size=(784, 20000)).astype("f4"), Y: sn.one_hot(rng.integers(10, size=20000), 10).astype("f4")}
    net = sn.mlp(X, [256, 10], activation=sn.relu)
    begun = perf_counter()
    seen: list[tuple[float, float]] = []

    def look(epoch: int, loss: float, parameters: dict) -> None:
        spent = perf_counter() - begun
        if not seen or spent >= seen[-1][0] + asked.every:
            seen.append((spent, resident()))
            print(f"{spent:8.0f} s   epoch {epoch:6}   loss {loss:.4f}   {seen[-1][1]:7.1f} MiB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        sn.train(
            sn.cross_entropy(net.output, Y), data, net, sn.Adam(1e-5), batch_size=128, seed=0, seconds=asked.seconds,
            validation=0.1, metrics={"accuracy": sn.accuracy(net.output, Y)}, progress=False, callback=look,
            checkpoint=f"{folder}/run.npz", checkpoint_every="1 s", log=f"{folder}/run.csv",
        )  # fmt: skip
    first = next((m for s, m in seen if s >= 60), seen[0][1])
    print(f"after the first minute {first:.1f} MiB, at the end {seen[-1][1]:.1f} MiB")


if __name__ == "__main__":
    main()
