"""Where JAX trains: one device, or several that share the samples of each step, on one machine or on many.

In: what the user asks for. Out: arrays on devices. Every device has all parameters; of a batch each has an equal part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from symnet.backends import jax_library
from symnet.training.batches import Batches, Pieces, Whole
from symnet.training.cutting import checked_count

SAMPLES = "samples"  # the axis of the devices


def chosen_devices(backend: str, devices: Any, seed: Any = 0) -> tuple[Any, ...] | None:
    """Give the devices that are asked for, or None where JAX may choose its own.

    Raises `ValueError` for devices without JAX or that there are not, and for several
    processes without a seed, `TypeError` for what is no device, `ModuleNotFoundError` where JAX is not installed.
    """
    if backend != "jax":
        if devices is not None:
            raise ValueError("devices: JAX alone has some; write backend='jax' as well")
        return None
    jax = jax_library("backend='jax'")
    if devices is None:
        return None
    found = _listed(jax, devices)
    hosts = {d.process_index for d in found}
    if len(hosts) != jax.process_count():
        raise ValueError(f"devices: {len(hosts)} of {jax.process_count()} processes have some; give each of them one")
    if len(hosts) > 1 and seed is None:
        raise ValueError("seed: every process must draw the same numbers; give each the same one, such as seed=0")
    return found


def _listed(jax: Any, devices: Any) -> tuple[Any, ...]:
    known = jax.devices()
    if isinstance(devices, (int, float, np.number, bool)):
        number = checked_count("devices", devices)
        if number > len(known):
            hint = "" if known[0].platform != "cpu" else (
                "; a processor counts as one, unless the environment has "
                f"XLA_FLAGS=--xla_force_host_platform_device_count={number} before JAX is loaded"
            )  # fmt: skip
            raise ValueError(f"devices: {number} are asked for, but JAX has {len(known)}: {_said(known)}{hint}")
        return tuple(known[:number])
    several = isinstance(devices, (Iterable, np.ndarray)) and not isinstance(devices, str)
    found = tuple(np.ravel(np.array(devices, object)) if several else [devices])
    for device in found:
        if not isinstance(device, jax.Device):
            raise TypeError(f"devices: give a number, or devices such as jax.devices()[:2], not {device!r}")
    if len(set(found)) != len(found):
        raise ValueError("devices: one is given twice")
    if not found:
        raise ValueError("devices: none is given; leave devices away for one that JAX chooses")
    return found


def _said(devices: Any) -> str:
    shown = ", ".join(map(str, devices[:4]))
    return f"{shown} and {len(devices) - 4} more" if len(devices) > 4 else shown


class Placed:
    """Puts arrays on devices; `chosen`: as `chosen_devices` gives them."""

    def __init__(self, chosen: tuple[Any, ...] | None) -> None:
        self.jax = jax_library("backend='jax'")
        self.number = 1 if chosen is None else len(chosen)
        self.hosts = 1 if chosen is None else self.jax.process_count()
        self.is_first = self.hosts == 1 or self.jax.process_index() == 0
        self.mesh = None if chosen is None else self.jax.sharding.Mesh(np.array(chosen, object), (SAMPLES,))
        first = self.jax.devices()[0] if chosen is None else chosen[0]
        self.platform = first.platform

    def check(self, batches: Batches) -> None:
        """Raise `ValueError` where the devices cannot have equal parts of a batch."""
        if self.number == 1:
            return
        size = batches.size if isinstance(batches, Pieces) else _samples(batches)
        if size % self.number:
            fewer = [n for n in range(1, self.number) if size % n == 0][-1]
            way = f"choose devices={fewer}, or a batch_size that they divide"
            if isinstance(batches, Pieces):
                below, above = size // self.number * self.number, -(-size // self.number) * self.number
                way = f"choose batch_size={above if above <= (batches.samples or 0) else below}"
                way = way if below or above <= (batches.samples or 0) else f"choose devices={fewer}"
            elif not isinstance(batches, Whole):
                way = f"choose devices={fewer}, or batches of {-(-size // self.number) * self.number}"
            what = f"{size} sample{'s' * (size != 1)}"
            raise ValueError(f"devices: {self.number} cannot have equal parts of the {what} of a step; {way}")

    def sharding(self, ndim: int = 0, axis: int | None = None, length: int = 0) -> Any:
        """Give the sharding of an array: parts along an axis where they are equal, else all of it on each device."""
        if self.mesh is None:
            return None
        whole = axis is None or length % self.number
        places = [] if whole else [SAMPLES if k == axis else None for k in range(ndim)]
        return self.jax.sharding.NamedSharding(self.mesh, self.jax.sharding.PartitionSpec(*places))

    def put(self, array: Any, axis: int | None = None) -> Any:
        """Give an array on the devices, in parts along an axis or all of it on each."""
        array = np.asarray(array)
        to = self.sharding(array.ndim, axis, 0 if axis is None else array.shape[axis])
        if self.hosts > 1:
            return self.jax.make_array_from_callback(array.shape, to, array.__getitem__)
        return self.jax.device_put(array, to)

    def shared(self, traced: Any, axis: int | None = None) -> Any:
        """Give an array, while JAX traces it, of which each device has a part along an axis, or all."""
        if self.number == 1:
            return traced
        to = self.sharding(traced.ndim, axis, 0 if axis is None else traced.shape[axis])
        return self.jax.lax.with_sharding_constraint(traced, to)


def _samples(batches: Any) -> int:
    for name, axis in batches.axes.items():
        if np.ndim(batches.arrays[name]) == 2:
            return int(batches.arrays[name].shape[axis])
    raise ValueError(
        "devices: the data do not tell which of their sizes counts the samples; declare one as a symbol, such as "
        "matrix('X', 3, 'n'), and the others as numbers"
    )
