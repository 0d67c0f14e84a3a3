"""What the machine runs: a program, lowered to stable forms, as one flat function.

In: a program and the names whose values are wanted. Out: a `Kernel`. Nothing here derives, and no formula is written a
second time.
"""

from symnet.backends import binding, images as images, networks as networks
from symnet.backends.emitter import Code
from symnet.backends.files import as_path, load, read_arrays, save, write_arrays
from symnet.backends.fitting import fitted
from symnet.backends.identifiers import identifiers
from symnet.backends.kernel import (
    BACKENDS, Kernel, checked_dtype, collector_paused, compile, compile_program, compile_structured, evaluate,
    in_workspace,
)  # fmt: skip
from symnet.backends.labels import one_hot
from symnet.backends.lowering import STABLE
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.backends.results import ByKey, LossAndGradients, Mapped, Result, Single, WithHessians
from symnet.backends.structured import StructuredMatrix

__all__ = [
    "BACKENDS", "NUMPY", "STABLE", "ByKey", "Code", "Kernel", "LossAndGradients", "Mapped", "NumPyCode", "Result",
    "Single", "StructuredMatrix", "WithHessians", "as_path", "binding", "checked_dtype", "collector_paused",
    "compile", "compile_program", "compile_structured", "evaluate", "fitted", "identifiers", "in_workspace", "load",
    "one_hot", "read_arrays", "save", "write_arrays",
]  # fmt: skip
