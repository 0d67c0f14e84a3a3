"""How often a loss changes rooms: calls from one file of symnet into another, each pair of functions counted once.

Run it as `python -m benchmarks.rooms`. The fewer there are, the fewer places a reader has to go to follow a loss.
"""

import sys
from pathlib import Path

import numpy as np

import symnet as sn

HOME = str(Path(sn.__file__).parent)


def crossings(run) -> set[tuple[str, str]]:
    """Give the pairs (calling function, called function) in different files that are met while `run()` runs."""
    met = set()

    def note(frame, event, _argument):
        if event == "call" and frame.f_back is not None:
            here, there = frame.f_code, frame.f_back.f_code
            if here.co_filename != there.co_filename and all(c.co_filename.startswith(HOME) for c in (here, there)):
                met.add((_function(there), _function(here)))

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return met


def _function(code) -> str:
    """Give file and function; what is nested in a function, such as a generator expression, belongs to it."""
    return f"{code.co_filename}:{code.co_qualname.split('.<')[0]}"


def main() -> None:
    """Count for the net of the README."""
    X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    net = W1, b1, W2, b2 = sn.matrix("W1", 4, 3), sn.vector("b1", 4), sn.matrix("W2", 2, 4), sn.vector("b2", 2)
    loss = sn.squared_error(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2), Y)
    rng = np.random.default_rng(0)
    values = {s: rng.normal(size=s.shape) for s in net}
    data = {X: rng.normal(size=(3, 8)), Y: rng.normal(size=(2, 8))}

    def mine(v):
        A1 = np.tanh(v["W1"] @ v["X"] + v["b1"])
        D2 = (v["W2"] @ A1 + v["b2"] - v["Y"]) / 8
        D1 = v["W2"].T @ D2
        sums = {"b1": D1.sum(1, keepdims=True), "b2": D2.sum(1, keepdims=True)}
        return {"W1": D1 @ v["X"].T, "W2": D2 @ A1.T, **sums}

    runs = {
        "derive": lambda: sn.derive(loss, list(net)),
        "train": lambda: sn.train(loss, data, list(net), epochs=2, seed=0, progress=False),
    }
    if hasattr(sn, "diagnose"):
        runs["diagnose"] = lambda: sn.diagnose(loss, values | data, mine)
    for name, run in runs.items():
        print(f"{name:10} {len(crossings(run))}")


if __name__ == "__main__":
    main()
