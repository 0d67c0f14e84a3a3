"""What the machine runs: a program, lowered to stable forms, as one flat function.

In: a program and the names whose values are wanted. Out: a `Kernel`. Nothing here derives, and no formula is written a
second time.
"""

from symnet.backends import (
    binding,
    c_blocks as c_blocks,
    c_rows as c_rows,
    images as images,
    networks as networks,
    windows,
)
from symnet.backends.c_code import C99
from symnet.backends.c_file import CFile, Update, about, checked_name, checked_type, known_sizes
from symnet.backends.c_main import Main, Trial
from symnet.backends.cost import Cost, costs
from symnet.backends.emitter import Code
from symnet.backends.files import (
    BEST, CHECKPOINT, HISTORY, STATE, as_path, load, read_arrays, save, write_arrays,
)  # fmt: skip
from symnet.backends.fitting import fitted
from symnet.backends.identifiers import identifiers
from symnet.backends.jax_code import JAX, in_64_bits, jax_function, jax_library
from symnet.backends.jax_kernel import known_arguments, numbers_of
from symnet.backends.kernel import (
    Kernel, checked_backend, checked_dtype, collector_paused, compile, compile_program, compile_structured, evaluate,
    in_workspace,
)  # fmt: skip
from symnet.backends.labels import one_hot
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.backends.results import ByKey, LossAndGradients, Mapped, Result, Single, WithHessians
from symnet.backends.stated import as_stated, check_facts
from symnet.backends.structured import StructuredMatrix

__all__ = [
    "BEST", "C99", "CHECKPOINT", "HISTORY", "JAX", "NUMPY", "STATE", "ByKey", "CFile", "Code", "Cost", "Kernel",
    "LossAndGradients", "Main", "Mapped", "NumPyCode", "Result", "Single", "StructuredMatrix", "Trial", "Update",
    "WithHessians", "about", "as_path", "as_stated", "binding", "check_facts", "checked_backend", "checked_dtype",
    "checked_name", "checked_type", "collector_paused", "compile", "compile_program", "compile_structured", "costs",
    "evaluate", "fitted", "identifiers", "in_64_bits", "in_workspace", "jax_function", "jax_library",
    "known_arguments", "known_sizes", "load", "numbers_of", "one_hot", "read_arrays", "save", "windows",
    "write_arrays",
]  # fmt: skip
