"""Weights in a file: they come back as they were, and whatever is no such file is refused; nothing in it runs."""

import os
import pickle
import random
import zipfile

import numpy as np
import pytest

import symnet as sn

X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
W, b = sn.matrix("W", 1, 2), sn.matrix("b", 1, 1)
LOSS = sn.squared_error(sn.affine(W, X, b), Y)
DATA = {X: [[1.0, 2.0, 3.0], [0.5, 0.0, 1.0]], Y: [[1.0, 0.0, 2.0]]}
ARRAYS = {
    W: np.array([[1.5, -2.0]], dtype=np.float32), "b": np.float64(3.25), "file": np.ones((0, 2)), "W.npy": [[1, 2]],
    "a/../b": np.asfortranarray(np.arange(12.0).reshape(3, 4)), "öß ²": np.array([[True]]), "half": np.ones(2, np.float16),
    "big": np.ones((2, 2), dtype=">f8"),
}  # fmt: skip


def saved(path):
    sn.save(path, ARRAYS)
    return path


def test_arrays_come_back_as_they_were(tmp_path):
    found = sn.load(saved(tmp_path / "weights.npz"))
    assert list(found) == ["W", *list(ARRAYS)[1:]]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert np.asarray(found[name]).dtype == np.asarray(array).dtype
        assert np.shape(found[name]) == np.shape(array)
    assert found[W] is found["W"] and "W" in found and W in found and "Q" not in found
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as plain:
        np.testing.assert_array_equal(plain["a/../b"], ARRAYS["a/../b"])
    np.savez_compressed(tmp_path / "numpys.npz", W=np.ones((1, 2)))
    np.testing.assert_array_equal(sn.load(tmp_path / "numpys.npz")[W], [[1, 1]])


def test_a_training_goes_on_from_a_file(tmp_path):
    options = {"epochs": 3, "seed": 0, "progress": False}
    run = sn.train(LOSS, DATA, **options)
    sn.save(tmp_path / "run", run)
    assert os.listdir(tmp_path) == ["run.npz"]
    loaded = sn.load(tmp_path / "run")
    assert loaded.keys() == {"W", "b"} and (loaded["W"] == run.parameters[W]).all()
    again, straight = (sn.train(LOSS, DATA, start, **options) for start in (loaded, run.parameters))
    assert again.history["loss"] == straight.history["loss"]
    assert sn.evaluate(LOSS, DATA | loaded) == sn.evaluate(LOSS, DATA | run.parameters)
    sn.save(tmp_path / "run", loaded)
    assert sn.load(str(tmp_path / "run.npz"))["b"] == run.parameters["b"]


def test_an_older_file_stays_until_the_new_one_is_there(tmp_path, monkeypatch):
    path = tmp_path / "w.npz"
    sn.save(path, {W: [[1, 2]]})

    def broken(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", broken)
    with pytest.raises(OSError, match="no space"):
        sn.save(path, {W: [[3, 4]]})
    assert os.listdir(tmp_path) == ["w.npz"]
    np.testing.assert_array_equal(sn.load(path)["W"], [[1, 2]])


def test_truncated_files_are_refused(tmp_path):
    content = saved(tmp_path / "w.npz").read_bytes()
    for length in range(0, len(content), 13):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"cut\.npz"):
            sn.load(tmp_path / "cut.npz")


def test_a_damaged_file_gives_what_was_saved_or_is_refused(tmp_path):
    content = saved(tmp_path / "w.npz").read_bytes()
    whole, generator, refused = sn.load(tmp_path / "w.npz"), random.Random(0), 0
    for _ in range(400):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        (tmp_path / "d.npz").write_bytes(damaged)
        try:
            found = sn.load(tmp_path / "d.npz")
        except ValueError as error:
            assert "d.npz" in str(error)
            refused += 1
            continue
        assert list(found) == list(whole)
        for name in whole:
            np.testing.assert_array_equal(found[name], whole[name])
            assert np.asarray(found[name]).dtype == np.asarray(whole[name]).dtype
    assert refused > 200


def zipped(**members):
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name.replace("_npy", ".npy"), content)

    return write


def single(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a file was unpickled",)


def huge(path):
    header = (
        b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }".ljust(117)
    )
    zipped(W_npy=header + b"\n")(path)


FOREIGN = {
    "empty": (lambda path: path.write_bytes(b""), "empty"),
    "text": (lambda path: path.write_text("hello"), "no .npz file"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(Bomb())), "pickle"),
    "one array": (single, "single array"),
    "another zip": (zipped(document="<xml>"), "'document'"),
    "an array and more": (zipped(W_npy=b"", readme="x"), "'readme'"),
    "no array": (zipped(), "no array"),
    "no array inside": (zipped(W_npy=b"hello"), "W"),
    "objects": (lambda path: np.savez(path, W=np.array([Bomb()], dtype=object)), "object"),
    "text inside": (lambda path: np.savez(path, W=np.array(["a"])), "W"),
    "complex": (lambda path: np.savez(path, W=np.array([1j])), "complex"),
    "a shape beyond all memory": (huge, "damaged"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files_are_refused_and_never_run(kind, tmp_path):
    write, word = FOREIGN[kind]
    write(tmp_path / "f.npz")
    with pytest.raises(ValueError, match=r"f\.npz") as raised:
        sn.load(tmp_path / "f.npz")
    assert word in str(raised.value)


MISTAKES = [
    (lambda: sn.save({W: [[1]]}, "w"), TypeError, ["path", "stands first"]),
    (lambda: sn.save("", {W: [[1]]}), TypeError, ["path"]),
    (lambda: sn.save("w", {}), ValueError, ["nothing to save"]),
    (lambda: sn.save("w", [[1]]), TypeError, ["run.parameters", "list"]),
    (lambda: sn.save("w", sn.mlp(X, [1])), TypeError, ["run.parameters"]),
    (lambda: sn.save("w", {W: "text"}), TypeError, ["W", "real numbers"]),
    (lambda: sn.save("w", {W: [object()]}), TypeError, ["W", "real numbers"]),
    (lambda: sn.save("w", {W: [1j]}), TypeError, ["W", "complex"]),
    (lambda: sn.save("w", {"W\0": [1]}), ValueError, ["W\\x00", "printed"]),
    (lambda: sn.save("w", {W: [1], "W": [2]}), ValueError, ["W", "twice"]),
    (lambda: sn.save("w", {1: [1]}), TypeError, ["1"]),
    (lambda: sn.load("nothing"), FileNotFoundError, ["nothing.npz"]),
    (lambda: sn.load(3), TypeError, ["path", "int"]),
    (lambda: sn.load(None), TypeError, ["path"]),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told_and_leave_nothing_behind(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, error, words = MISTAKES[number]
    with pytest.raises(error) as raised:
        call()
    assert all(word in str(raised.value) for word in words), raised.value
    assert not os.listdir(tmp_path)
