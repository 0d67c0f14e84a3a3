"""C: the values of the NumPy kernels to rounding, clean under the sanitizers, and words where there is no C."""

import shutil

import numpy as np
import pytest

import symnet as sn
from symnet.backends import c_kernel
from tests.losses import LOSSES, values_of

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, c_kernel.COMPILERS)), reason="there is no C compiler on the path"
)
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
WITHOUT_C = {
    "determinant": "Inverse", "inverse": "Inverse", "negative powers": "Inverse", "scaled trace": "Determinant",
}  # fmt: skip


@pytest.fixture(scope="module")
def built():
    """Build the C of every loss in every type, as one library: name → (values by C, kernel of NumPy)."""
    found, texts = {}, []
    for number, (name, (loss, wrt)) in enumerate(LOSSES.items()):
        if name in WITHOUT_C:
            continue
        kernel = sn.derive(loss, wrt).compile(backend="c")
        values = values_of(kernel)
        for dtype in (np.dtype(float), np.dtype(np.float32)):
            c = c_kernel.CKernel(kernel, dtype)
            arrays = kernel.bind(values)
            file = c.file(c.known(arrays), f"loss{number}{dtype.char}")
            texts.append(file.text(""))
            found[name, dtype.name] = c, file, arrays
    library = c_kernel.load("\n".join(texts))
    return {key: (c.caller(file, library)(arrays), arrays) for key, (c, file, arrays) in found.items()}


@needs_compiler
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [n for n in LOSSES if n not in WITHOUT_C])
def test_values_are_those_of_numpy(built, monkeypatch, name, dtype):
    loss, wrt = LOSSES[name]
    found, arrays = built[name, dtype]
    kernel = sn.derive(loss, wrt).compile()
    wanted = kernel.result.listed(kernel.function(*arrays))
    close = {"rtol": 1e-11, "atol": 1e-12} if dtype == "float64" else {"rtol": 2e-3, "atol": 2e-4}
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, **close)


@pytest.mark.parametrize("name", WITHOUT_C)
def test_what_has_no_c_is_refused_by_name_with_the_way_out(name):
    loss, wrt = LOSSES[name]
    with pytest.raises(
        TypeError, match=rf"no C code for {WITHOUT_C[name]}.*d\.compile\(\).*symnet\.C99\[{WITHOUT_C[name]}\]"
    ):
        sn.derive(loss, wrt).c(sizes={"n": 5, "m": 4})
