"""What training gives: the weights reached, the history of the loss, and the equations that were stepped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.derivation import Derivation
from symnet.expressions import Shown, listed, shape_text


@dataclass(eq=False, repr=False)
class Training(Shown):
    """What `train` gives: `parameters` (symbol → array), `history` (the mean loss of each epoch), `loss` (the last).

    `derivation`: the equations that were trained; `interrupted`: whether Ctrl-C ended it early.

    >>> import symnet as sn
    >>> x, y = sn.vector("x", 2), sn.vector("y", 2)
    >>> run = sn.train(sn.norm(x - y)**2 / 2, {y: [[1], [2]]}, {x: [[0], [0]]}, epochs=3)
    >>> run
    <Training: loss 1.64025 after 3 epochs, x>
    >>> len(run.history), run.loss == run.history[-1]
    (3, True)
    """

    parameters: dict[Any, Any]
    history: list[float]
    derivation: Derivation
    interrupted: bool = False

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN before the first."""
        return self.history[-1] if self.history else float("nan")

    def _headline(self) -> str:
        return f": {self._reached()}, {listed(self.parameters)}"

    def _reached(self) -> str:
        epochs = f"{len(self.history)} epoch{'s' if len(self.history) != 1 else ''}"
        return f"loss {self.loss:.6g} after {epochs}{', interrupted' if self.interrupted else ''}"

    def __str__(self) -> str:
        first = f", {self.history[0]:.6g} in the first" if len(self.history) > 1 else ""
        names = {str(getattr(W, "name", W)): np.shape(value) for W, value in self.parameters.items()}
        width = max(map(len, names), default=0)
        rows = [f"  {name:{width}}  {shape_text(shape) if shape else 'scalar'}" for name, shape in names.items()]
        return "\n".join([self._reached() + first, *rows])
