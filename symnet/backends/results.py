"""What a kernel gives: one value, values by key, or a loss with its gradients.

In: the values in the order of a kernel's outputs. Out: what the caller gets. Each way also says how the bare function
returns its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from symnet.expressions import Name


class ByKey(dict[Any, Any]):
    """Values by symbol or name; the other of the two finds them as well: `grads["W1"]` is `grads[W1]`."""

    def __missing__(self, key: Any) -> Any:
        for known, value in self.items():
            if _name(known) == _name(key):
                return value
        raise KeyError(f"{key}: there are values for {', '.join(map(_name, self))}")


def _name(key: Any) -> str:
    return key if isinstance(key, str) else str(getattr(key, "name", key))


class Result(Protocol):
    """How the values of a kernel are handed over."""

    def returned(self, names: Sequence[str]) -> str:
        """Give what stands behind `return` in the bare function."""

    def listed(self, returned: Any) -> list[Any]:
        """Give the values that the bare function returned as one list."""

    def given(self, values: Sequence[Any]) -> Any:
        """Give what the caller gets."""


@dataclass(frozen=True)
class Single:
    """One value."""

    def returned(self, names: Sequence[str]) -> str:
        """Give the name."""
        return names[0]

    def listed(self, returned: Any) -> list[Any]:
        """Give the value in a list."""
        return [returned]

    def given(self, values: Sequence[Any]) -> Any:
        """Give the value."""
        return values[0]


@dataclass(frozen=True)
class Mapped:
    """A dictionary; `keys` in the order of the outputs."""

    keys: tuple[Any, ...]

    def returned(self, names: Sequence[str]) -> str:
        """Give a list."""
        return f"[{', '.join(names)}]"

    def listed(self, returned: Any) -> list[Any]:
        """Give the list."""
        return list(returned)

    def given(self, values: Sequence[Any]) -> Mapping[Any, Any]:
        """Give the values by key."""
        return ByKey(zip(self.keys, values, strict=True))


@dataclass(frozen=True)
class LossAndGradients:
    """A loss, and a dictionary of gradients (or of other values that belong to parameters)."""

    parameters: tuple[Name, ...]

    def returned(self, names: Sequence[str]) -> str:
        """Give the loss and a list."""
        return f"{names[0]}, [{', '.join(names[1:])}]"

    def listed(self, returned: Any) -> list[Any]:
        """Give the loss and the gradients in one list."""
        loss, gradients = returned
        return [loss, *gradients]

    def given(self, values: Sequence[Any]) -> tuple[Any, ByKey]:
        """Give the loss, and the gradients by symbol."""
        return values[0], ByKey(zip(self.parameters, values[1:], strict=True))
