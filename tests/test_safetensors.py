"""Weights as `.safetensors`: they come back as they were, other libraries read them, and no other file gets through."""

import json
import os
import sys

import numpy as np
import pytest

import symnet as sn

W = sn.matrix("W", 1, 2)
ARRAYS = {
    W: np.array([[1.5, -2.0]], dtype=np.float32), "b": np.float64(3.25), "empty": np.ones((0, 2)), "listed": [[1, 2]],
    "a/../b": np.asfortranarray(np.arange(12.0).reshape(3, 4)), "öß ²": np.array([[True]]), "half": np.ones(2, np.float16),
    "big": np.ones((2, 2), dtype=">f8"), "cut": np.arange(20)[::3], "bytes": np.arange(3, dtype=np.uint8),
}  # fmt: skip


@pytest.fixture
def package():
    return pytest.importorskip("safetensors.numpy")


def test_arrays_come_back_as_they_were(tmp_path, package):
    path = tmp_path / "weights.safetensors"
    sn.save(path, ARRAYS)
    assert os.listdir(tmp_path) == ["weights.safetensors"]
    found, plain = sn.load(path), package.load_file(path)
    assert set(found) == {"W", *list(ARRAYS)[1:]} == set(plain)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(plain[getattr(name, "name", name)], array)
        assert np.asarray(found[name]).dtype == np.asarray(array).dtype.newbyteorder("=")
        assert np.shape(found[name]) == np.shape(array)
    found["W"][0, 0] = 7  # an array of its own, to be trained further
    package.save_file({"W": np.ones((1, 2))}, path)
    np.testing.assert_array_equal(sn.load(str(path))[W], [[1, 1]])


def test_a_training_goes_on_from_it(tmp_path, package):
    X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
    loss, data = sn.squared_error(W * X, Y), {X: [[1.0, 2.0], [0.5, 0.0]], Y: [[1.0, 0.0]]}
    run = sn.train(loss, data, epochs=3, seed=0)
    sn.save(tmp_path / "run.safetensors", run)
    again = sn.train(loss, data, sn.load(tmp_path / "run.safetensors"), epochs=3)
    assert again.history["loss"] == sn.train(loss, data, run, epochs=3).history["loss"]


def test_truncated_files_are_refused(tmp_path, package):
    sn.save(tmp_path / "w.safetensors", ARRAYS)
    content = (tmp_path / "w.safetensors").read_bytes()
    for length in range(0, len(content), 13):
        (tmp_path / "cut.safetensors").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"cut\.safetensors"):
            sn.load(tmp_path / "cut.safetensors")


def header(told, body=b""):
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return len(text).to_bytes(8, "little") + text + body


def tensor(dtype="F64", shape=(1,), span=(0, 8)):
    return {"W": {"dtype": dtype, "shape": list(shape), "data_offsets": list(span)}}


HOSTILE = {
    "empty": b"",
    "text": b"hello, this is no file of that kind",
    "a pickle": b"\x80\x04K\x01.",
    "a zip": b"PK\x03\x04" + bytes(30),
    "a long header": (2**62).to_bytes(8, "little") + b"{}",
    "a header that lies": (10**9).to_bytes(8, "little") + b"{}" + bytes(64),
    "no JSON": header(b"import os"),
    "deep JSON": header(b"[" * 10**5),
    "no array": header({}),
    "a shape beyond all memory": header(tensor(shape=(10**13,)), bytes(8)),
    "sizes that overflow": header(tensor(shape=(2**32, 2**32)), bytes(8)),
    "a size below zero": header(tensor(shape=(-1,)), bytes(8)),
    "a place outside": header(tensor(span=(0, 2**40)), bytes(8)),
    "a place before": header(tensor(span=(8, 0)), bytes(8)),
    "bytes that nobody has": header(tensor(), bytes(64)),
    "an unknown type": header(tensor(dtype="object"), bytes(8)),
    "a type of others": header(tensor(dtype="BF16", shape=(4,)), bytes(8)),
    "complex numbers": header(tensor(dtype="C64"), bytes(8)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_damaged_foreign_or_hostile_is_refused(kind, tmp_path, package):
    path = tmp_path / "f.safetensors"
    path.write_bytes(HOSTILE[kind])
    with pytest.raises(ValueError, match=r"f\.safetensors"):
        sn.load(path)


MISTAKES = {
    "nothing": (lambda: sn.save("w.safetensors", {}), ValueError, "nothing to save"),
    "no numbers": (lambda: sn.save("w.safetensors", {W: "text"}), TypeError, "real numbers"),
    "a name of the format": (lambda: sn.save("w.safetensors", {"__metadata__": [1.0]}), ValueError, "__metadata__"),
    "long numbers": (
        lambda: sn.save("w.safetensors", {W: np.ones(2, np.longdouble)}),
        TypeError,
        r"W is of type .*\.npz",
    ),
    "no file": (lambda: sn.load("nothing.safetensors"), FileNotFoundError, "nothing.safetensors"),
    "no folder": (lambda: sn.save("nowhere/w.safetensors", {W: [[1, 2]]}), FileNotFoundError, "nowhere"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistakes_are_told_and_leave_nothing_behind(kind, tmp_path, monkeypatch, package):
    monkeypatch.chdir(tmp_path)
    call, error, text = MISTAKES[kind]
    with pytest.raises(error, match=text):
        call()
    assert not os.listdir(tmp_path)


def test_where_the_package_is_missing_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    path = tmp_path / "w.safetensors"
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'symnet\[safetensors\]'"):
        sn.save(path, {W: [[1, 2]]})
    assert not os.listdir(tmp_path)
    path.write_bytes(HOSTILE["text"])
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'symnet\[safetensors\]'"):
        sn.load(path)
