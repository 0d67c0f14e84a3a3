"""Weights in a file, by name: NumPy's own format `.npz`, which `numpy.load` reads as well, or `.safetensors`.

In: arrays by symbol or name, and a path. Out: a file that is there whole or not at all, and the arrays back as they
were. Nothing that is read is run: no file is ever unpickled.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, LargeZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from symnet.backends import binding
from symnet.backends.results import ByKey
from symnet.backends.tensors import ENDING, packed, unpacked
from symnet.expressions import checked_name, is_masked

# beside the weights of a run
CHECKPOINT, STATE, BEST, HISTORY, ORIGIN = "symnet:checkpoint", "state:", "best:", "history:", "origin:"
_ENDING = ".npy"
_PACKED, _RATIO = 1 << 26, 100  # bytes that an array may unpack to anyway, and how often its packed size beyond that
_DAMAGE = (
    BadZipFile, LargeZipFile, EOFError, IndexError, KeyError, MemoryError, NotImplementedError, OverflowError,
    RuntimeError, SyntaxError, TypeError, UnicodeError, ValueError, zlib.error,
)  # fmt: skip


def save(path: Any, parameters: Any) -> None:
    """Write arrays to a file by name, as `.npz`, or as `.safetensors` where the path ends so; `load` reads it.

    path: where to; a name without an ending gets `.npz`. An older file is replaced only once the new one is written.
    parameters: symbols or names → arrays, such as `run.parameters`, or a `Training`. Dtypes and shapes are kept.
    Raises `TypeError` for what holds no real numbers, `ValueError` where there is nothing to save,
    `FileNotFoundError` where the folder is not there, `ModuleNotFoundError` for a `.safetensors` file where the package
    of this name is not installed.

    >>> import os, tempfile, symnet as sn
    >>> W = sn.matrix("W", 1, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sn.save(os.path.join(folder, "weights.npz"), {W: [[1.0, 2.0]]})
    ...     sn.load(os.path.join(folder, "weights.npz"))
    {'W': array([[1., 2.]])}
    """
    target = _path("save", path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"save: there is no folder {target.parent}")
    arrays = _arrays(getattr(parameters, "parameters", parameters))
    if target.suffix == ENDING:
        content = packed("save", arrays)
        _write_whole(target, lambda file: file.write(content))
    else:
        write_arrays(target, arrays)


def write_arrays(target: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name, as `.npz`. An older file is replaced only once the new one is written to the disk."""

    def fill(file: BinaryIO) -> None:
        with ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(name + _ENDING, "w", force_zip64=True) as member:
                    npy.write_array(member, array, allow_pickle=False)

    _write_whole(target, fill)


def _write_whole(target: Path, fill: Callable[[BinaryIO], Any]) -> None:
    beside = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        with beside.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
        _sync_folder(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # the new name is on the disk as well, where the system lets a folder be synced
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def as_path(who: str, path: Any, example: str = "weights.npz") -> Path:
    """Give where a file is or shall be. Raises `TypeError` or `ValueError` for what is no path."""
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        order = " (the path stands first)" if isinstance(path, Mapping) or hasattr(path, "parameters") else ""
        what = "an empty string" if isinstance(path, str) else type(path).__name__
        raise TypeError(f"{who}: the path must be a string such as '{example}', not {what}{order}")
    if "\0" in str(path):
        raise ValueError(f"{who}: the path {str(path)!r} has a character that no file name has")
    return Path(path)


def _path(who: str, path: Any) -> Path:
    found = as_path(who, path)
    return found if found.suffix else found.with_name(found.name + ".npz")


def _arrays(parameters: Any) -> dict[str, Any]:
    if not isinstance(parameters, Mapping):
        raise TypeError(
            "save: give a dictionary from symbols or names to arrays, such as run.parameters, not "
            f"{type(parameters).__name__}"
        )
    found = {}
    for name, value in binding.named(parameters).items():
        checked_name(name, "save", "W1")
        if is_masked(value):
            binding.as_array(name, value)
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise TypeError(f"save: {name} has rows of different lengths and is no matrix ({error})") from None
        if array.dtype.kind not in "biuf":
            raise TypeError(f"save: {name} is no array of real numbers but holds values of type {array.dtype}")
        found[name] = array
    if not found:
        raise ValueError("save: there is nothing to save; give arrays by symbol or name, such as run.parameters")
    return found


def load(path: Any) -> ByKey:
    """Give the arrays of a file that `save` has written, by name; a symbol of the name finds them as well.

    path: as for `save`, or a checkpoint for the weights in it. They may be given to `train` as parameters and to
    `evaluate` as values. Raises `ValueError` where the file is damaged, was not written to its end, or is of another
    kind, `FileNotFoundError` where there is none, `ModuleNotFoundError` as `save`. Only arrays of numbers are read;
    nothing in a file is run.

    >>> import os, tempfile, symnet as sn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sn.save(os.path.join(folder, "weights.npz"), {"b": [0.5]})
    ...     sn.load(os.path.join(folder, "weights.npz"))["b"]
    array([0.5])
    """
    source = _path("load", path)
    plain = Path(path)
    source = plain if plain.is_file() else source
    if source.suffix == ENDING and source.is_file():
        return ByKey(unpacked("load", source, source.read_bytes()))
    arrays = read_arrays("load", source)
    if CHECKPOINT in arrays:  # of a whole run the weights alone
        arrays = {n: a for n, a in arrays.items() if not n.startswith((CHECKPOINT, STATE, BEST, HISTORY, ORIGIN))}
    return ByKey(arrays)


def read_arrays(who: str, source: Path) -> dict[str, Any]:
    """Give the arrays of a file by name. Raises what `load` raises."""
    if not source.is_file():
        raise FileNotFoundError(f"{who}: there is no file {source}")
    content = source.read_bytes()
    if not content.startswith(b"PK"):
        raise ValueError(f"{who}: {source} is no .npz file{_kind(content)}")
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            _check_packing(archive)
            _check_count(content, len(names))
            found = {name: archive.read(name) for name in names if name.endswith(_ENDING)}
    except _DAMAGE as error:
        raise ValueError(f"{who}: {source} is damaged or was not written to its end ({error})") from None
    foreign = next((name for name in names if not name.endswith(_ENDING)), None)
    if foreign is not None:
        raise ValueError(f"{who}: {source} is no file of arrays: it holds {foreign!r}, which is no array")
    if len(found) < len(names):
        raise ValueError(f"{who}: {source} holds an array twice")
    if not found:
        raise ValueError(f"{who}: {source} holds no array")
    return {name[: -len(_ENDING)]: _read(f"{who}: ", source, name, part) for name, part in found.items()}


def _check_packing(archive: ZipFile) -> None:
    # a small file that unpacks to more than memory holds is none that anybody has saved
    for member in archive.infolist():
        if member.file_size > max(_PACKED, _RATIO * member.compress_size):
            raise BadZipFile(f"{member.filename} would unpack from {member.compress_size} bytes to {member.file_size}")


def _check_count(content: bytes, count: int) -> None:
    # what stands in the last lines of the file; `zipfile` stops early where the list before them is damaged
    end = content.rfind(b"PK\x05\x06")
    told = int.from_bytes(content[end + 10 : end + 12], "little")
    if told != count and told != 0xFFFF:
        raise BadZipFile(f"{told} arrays are told, {count} are found")


def _kind(content: bytes) -> str:
    if not content:
        return "; it is empty"
    if content.startswith(npy.MAGIC_PREFIX):
        return " but a single array; numpy.load reads it"
    if content[:1] == b"\x80":
        return " but a pickle, which is not read, since reading it would run what is in it"
    return ""


def _read(who: str, source: Path, name: str, part: bytes) -> Any:
    called = name[: -len(_ENDING)]
    stream = BytesIO(part)
    try:
        version = npy.read_magic(stream)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(stream)
    except _DAMAGE as error:
        raise ValueError(f"{who}{called} in {source} is no array ({error})") from None
    if dtype.kind not in "biuf":
        raise ValueError(f"{who}{called} in {source} holds values of type {dtype} and no real numbers")
    wanted, there = int(np.prod(shape, dtype=object)) * dtype.itemsize, len(part) - stream.tell()
    if wanted != there:
        raise ValueError(f"{who}{called} in {source} is damaged: its shape {shape} needs {wanted} bytes, not {there}")
    array = npy.read_array(BytesIO(part), allow_pickle=False)
    return array[()] if array.ndim == 0 else array
