"""What a kernel gives: one value, values by key, or a loss with its gradients.

In: the values in the order of a kernel's outputs. Out: what the caller gets. Each way also says how the bare function
returns its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from symnet.expressions import Name, Told


class ByKey(Told, dict[Any, Any]):
    """Values by symbol or name; the other of the two finds them as well: `grads["W1"]` is `grads[W1]`."""

    def __missing__(self, key: Any) -> Any:
        for known, value in self.items():
            if _name(known) == _name(key):
                return value
        raise KeyError(f"{key}: there are values for {', '.join(map(_name, self))}")

    def __contains__(self, key: Any) -> bool:
        return _name(key) in map(_name, self)

    def get(self, key: Any, default: Any = None) -> Any:
        """Give the value by symbol or name, or `default`."""
        return self[key] if key in self else default


def _name(key: Any) -> str:
    if isinstance(key, tuple):
        return ", ".join(map(_name, key))
    return key if isinstance(key, str) else str(getattr(key, "name", key))


class LossGiven(Told, tuple[Any, ByKey]):
    """A loss and its gradients, to be taken apart: `loss, gradients = kernel(values)`."""

    @property
    def loss(self) -> Any:
        """The value of the loss."""
        return self[0]

    @property
    def gradients(self) -> ByKey:
        """The gradients by symbol or name."""
        return self[1]

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, key) if isinstance(key, (int, slice)) else tuple.__getitem__(self, 1)[key]


@dataclass(frozen=True)
class Single:
    """One value. `returned`: what stands behind `return` in the bare function; `listed`: what it gave, as one list."""

    def returned(self, names: Sequence[str]) -> str:
        return names[0]

    def listed(self, returned: Any) -> list[Any]:
        return [returned]

    def given(self, values: Sequence[Any]) -> Any:
        return values[0]


@dataclass(frozen=True)
class Mapped:
    """A dictionary; `keys` in the order of the outputs."""

    keys: tuple[Any, ...]

    def returned(self, names: Sequence[str]) -> str:
        return f"[{', '.join(names)}]"

    def listed(self, returned: Any) -> list[Any]:
        return list(returned)

    def given(self, values: Sequence[Any]) -> Mapping[Any, Any]:
        return ByKey(zip(self.keys, values, strict=True))


@dataclass(frozen=True)
class LossAndGradients:
    """A loss, and a dictionary of gradients (or of other values that belong to parameters)."""

    parameters: tuple[Name, ...]

    def returned(self, names: Sequence[str]) -> str:
        return f"{names[0]}, [{', '.join(names[1:])}]"

    def listed(self, returned: Any) -> list[Any]:
        loss, gradients = returned
        return [loss, *gradients]

    def given(self, values: Sequence[Any]) -> tuple[Any, ByKey]:
        return LossGiven((values[0], ByKey(zip(self.parameters, values[1:], strict=True))))


@dataclass(frozen=True)
class WithHessians:
    """A loss, a dictionary of gradients and one of Hessians, by symbol, or by the two symbols of a mixed one."""

    parameters: tuple[Name, ...]
    keys: tuple[Any, ...]

    def returned(self, names: Sequence[str]) -> str:
        first = len(self.parameters) + 1
        return f"{names[0]}, [{', '.join(names[1:first])}], [{', '.join(names[first:])}]"

    def listed(self, returned: Any) -> list[Any]:
        loss, gradients, hessians = returned
        return [loss, *gradients, *hessians]

    def given(self, values: Sequence[Any]) -> tuple[Any, ByKey, ByKey]:
        first = len(self.parameters) + 1
        gradients = ByKey(zip(self.parameters, values[1:first], strict=True))
        return values[0], gradients, ByKey(zip(self.keys, values[first:], strict=True))


Result: TypeAlias = Single | Mapped | LossAndGradients | WithHessians
