"""What the machine runs: a program, lowered to stable forms, as one flat function.

In: a program and the names whose values are wanted. Out: a `Kernel`. Nothing here derives, and no formula is written a
second time.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from symnet.backends import binding, images as images, networks as networks, windows
from symnet.backends.emitter import Code, largest_exponent
from symnet.backends.fitting import fitted
from symnet.backends.identifiers import identifiers
from symnet.backends.kernel import (
    Kernel, checked_backend, checked_dtype, compile, compile_program, compile_structured, evaluate,
    in_workspace,
)  # fmt: skip
from symnet.backends.labels import one_hot
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.backends.results import ByKey, LossAndGradients, Mapped, Result, Single, WithHessians
from symnet.backends.stated import Stated, as_stated, check_facts
from symnet.backends.structured import StructuredMatrix
from symnet.expressions import answered, loaded_later as _loaded_later

if _TYPE_CHECKING:
    from symnet.backends.c_file import C99, CFile, Update, about, checked_name, checked_type, known_sizes
    from symnet.backends.c_main import Main, Trial
    from symnet.backends.cost import Spent, costs, largest
    from symnet.backends.files import (
        BEST, CHECKPOINT, HISTORY, ORIGIN, STATE, as_path, load, read_arrays, save, write_arrays,
    )  # fmt: skip
    from symnet.backends.jax_code import JAX, in_64_bits, jax_function, jax_library
    from symnet.backends.jax_kernel import known_arguments, numbers_of

__all__ = [
    "BEST", "C99", "CHECKPOINT", "HISTORY", "JAX", "NUMPY", "ORIGIN", "STATE", "ByKey", "CFile", "Code",
    "Kernel", "LossAndGradients", "Main", "Mapped", "NumPyCode", "Result", "Single", "Spent", "Stated",
    "StructuredMatrix", "Trial", "Update", "WithHessians", "about", "as_path", "as_stated", "binding", "check_facts",
    "checked_backend", "checked_dtype", "checked_name", "checked_type", "compile", "compile_program",
    "compile_structured", "costs", "evaluate", "fitted", "identifiers", "in_64_bits", "in_workspace",
    "jax_function", "jax_library", "known_arguments", "known_sizes", "largest", "largest_exponent", "load",
    "numbers_of", "one_hot", "read_arrays", "save", "windows", "write_arrays",
]  # fmt: skip

for _kind in (Kernel, StructuredMatrix):  # which a derivation gives, whether or not they are asked for by name
    answered(_kind, _kind.__name__)

_LATER = {  # loaded when it is first asked for: who derives and compiles does not wait for it
    "c_file": "C99 CFile Update about checked_name checked_type known_sizes",
    "c_main": "Main Trial",
    "cost": "Spent costs largest",
    "jax_code": "JAX in_64_bits jax_function jax_library",
    "jax_kernel": "known_arguments numbers_of",
    "files": "BEST CHECKPOINT HISTORY ORIGIN STATE as_path load read_arrays save write_arrays",
}
if not _TYPE_CHECKING:
    __getattr__ = _loaded_later(__name__, _LATER)
