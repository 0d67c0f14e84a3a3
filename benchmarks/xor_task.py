"""The XOR problem as both whole-process programs solve it: data, starting weights and the length of the descent."""

import numpy as np

X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
Y = np.array([[0.0, 1.0, 1.0, 0.0]])
RATE, STEPS = 3.0, 5000
_draw = np.random.default_rng(0).uniform
START = {"W1": _draw(-1, 1, (3, 2)), "b1": np.zeros((3, 1)), "W2": _draw(-1, 1, (1, 3)), "b2": np.zeros((1, 1))}
