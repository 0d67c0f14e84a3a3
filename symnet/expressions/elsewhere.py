"""What other libraries call it: names that NumPy's, Keras's, PyTorch's and scikit-learn's users write first.

In: a name that is not ours. Out: what to write instead, as an error or the end of one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from importlib import import_module
from typing import Any

_ARGUMENTS = {
    "validation": "validation_split validation_data validation_fraction val_data",
    "patience": "early_stopping n_iter_no_change",
    "epochs": "n_epochs num_epochs max_iter iterations n_iter",
    "batch_size": "batch minibatch",
    "seed": "random_state rng random_seed prngkey",
    "progress": "verbose",
    "callback": "callbacks",
    "clip": "clipnorm max_norm grad_clip",
    "optimizer": "lr learning_rate",
    "rate": "lr learning_rate eta step_size init_value",
    "beta1": "beta_1 betas b1",
    "beta2": "beta_2 b2",
    "beta": "momentum",
    "decay": "weight_decay",
    "rho": "alpha",
    "epsilon": "eps variance_epsilon",
    "axis": "dim axes dims",
    "order": "ord",
    "ord": "p order",
    "gain": "weight scale gamma g",
    "bias": "beta offset b use_bias",
    "b": "bias",
    "mask": "attn_mask attention_mask key_padding_mask where is_causal",
    "Q": "query queries q",
    "K": "key keys k weight weights filter filters kernels w",
    "V": "value values v",
    "W": "weight weights kernel A",
    "sizes": "hidden hidden_size hidden_sizes hidden_layer_sizes hidden_dims layers layer_sizes units widths "
    "features out_features neurons dims shapes",
    "activation": "act activation_fn nonlinearity activation_function",
    "prefix": "name names",
    "kernel": "kernel_size pool_size window window_size window_shape ksize size",
    "stride": "strides window_strides",
    "padding": "pad pads",
    "dilation": "dilation_rate dilations rhs_dilation",
    "units": "hidden_size hidden out_features features",
    "inputs": "input_size input_dim in_features input_shape",
    "shape": "newshape new_shape size input_shape image_shape data_format",
    "classes": "num_classes n_classes depth C",
    "labels": "y indices classes",
    "slope": "negative_slope alpha",
    "alpha": "weight pos_weight",
    "gamma": "focusing",
    "delta": "beta threshold",
    "low": "min a_min min_value min_val minval lower",
    "high": "max a_max max_value max_val maxval upper",
    "keep": "p rate prob keep_prob dropout",
    "ddof": "correction unbiased",
    "method": "mode fd_method scheme",
    "exponent": "p n power",
    "shift": "shifts k",
    "row": "i",
    "column": "j col",
    "size": "n shape length",
    "rows": "m n_rows",
    "cols": "n n_cols columns",
    "name": "symbol names",
    "wrt": "params parameters variables argnums w inputs symbols weights",
    "symbol": "wrt params parameters variable variables argnums w inputs weights",
    "w": "wrt W parameters params argnums inputs",
    "direction": "v vector tangent tangents p",
    "loss": "loss_fn fun func f objective expr cost output outputs",
    "values": "data inputs feed_dict subs point params",
    "data": "inputs dataset train_data train_loader",
    "expr": "expression f e formula",
    "expressions": "expr outputs exprs loss",
    "format": "fmt mode style notation printer",
    "f": "func function fun fn",
    "grad": "gradient jac fprime g",
    "x0": "x args point w",
    "path": "file filename fname filepath",
    "backend": "jit engine framework",
    "factor": "gamma decay_rate",
    "every": "step_size decay_steps transition_steps",
    "steps": "T_max decay_steps total_steps warmup_steps",
    "last": "eta_min alpha end_value min_lr",
    "deviation": "std stddev sigma scale",
    "margin": "m",
    "threshold": "cutoff",
    "text": "expr expression string s",
    "parameters": "params weights state_dict",
    "model": "net loss",
    "head": "heads num_heads",
    "P": "input y_pred pred predictions outputs",
    "Z": "input logits y_pred pred predictions outputs",
    "Y": "target targets y_true labels y",
}
_FIRST = "a x input inputs tensor arr array m matrix z logits data vals A X Z".split()  # a first argument, anywhere
_VALUES = {
    "optimizer": "sn.Adam(0.01)",
    "patience": "20",
    "progress": "False",
    "validation": "0.2",
    "epsilon": "1e-05",
    "keep": "1 - p",
    "is_causal": "sn.causal_mask('n')",
    "sizes": "[8, 1], the outputs of all layers",
    "betas": "0.9",
    "use_bias": "sn.vector('b', …)",
    "data_format": "(channels, height, width)",
    "jit": "'jax'",
    "train_loader": "{X: x, Y: y}",
}
_NONE = {  # an argument that the function must have (or any), what is said → names that no argument of ours stands for
    ("axis", "a result keeps both axes, as of a matrix"): "keepdims keepdim",
    ("method", "the tolerance follows from method and precision, and the result has it as .tolerance"): "tol rtol atol "
    "tolerance",
    ("method", "the step of a numeric derivative is chosen for each entry"): "h eps epsilon step delta",
    ("Y", "the first argument is a matrix of logits, before softmax or sigmoid"): "from_logits with_logits",
    ("Y", "the result is the mean over the samples; times their number it is the sum"): "reduction size_average",
    ("", "expressions never change in place"): "inplace out",
    ("", "precision is that of the arrays, or that of sn.compile(…, dtype='float32')"): "dtype precision",
    ("", "what is derived is a formula again, to be derived once more"): "create_graph retain_graph has_aux",
    ("", "no gradient is asked for beforehand: sn.gradient(loss, W) gives it"): "requires_grad trainable",
    ("rows", "sizes are given one by one, sn.matrix('W', 2, 3)"): "shape",
    ("", "the sizes of the matrices say it"): "in_channels out_channels in_features input_dim num_features "
    "normalized_shape embed_dim n_features",
}
_FUNCTIONS = {
    "sn.GradientDescent(rate)": "SGD sgd",
    "sn.RMSProp()": "RMSprop rmsprop",
    "sn.AdaGrad()": "Adagrad adagrad",
    "sn.Adam()": "adam optim",
    "sn.LBFGS()": "lbfgs BFGS",
    "sn.gradient(loss, W)": "grad value_and_grad diff",
    "sn.derive(loss, parameters)": "backward autograd",
    "sn.formula(expr, format='latex')": "latex to_latex",
    "sn.formula(expr, format='mathml')": "mathml",
    "sn.binary_cross_entropy(Z, Y)": (
        "binary_crossentropy BCELoss BCEWithLogitsLoss bce bce_with_logits bce_loss log_loss "
        "sigmoid_cross_entropy_with_logits sigmoid_binary_cross_entropy"
    ),
    "sn.cross_entropy(Z, Y)": (
        "nll_loss categorical_crossentropy crossentropy CrossEntropyLoss softmax_cross_entropy "
        "softmax_cross_entropy_with_logits sparse_categorical_crossentropy"
    ),
    "sn.mse(Z, Y)": "MSELoss mse_loss mean_squared_error",
    "sn.mean(sn.abs(Z - Y))": "mae mean_absolute_error l1_loss",
    "sn.elementwise(lambda a: Piecewise((a, a > 0), (0, True)), A)": "where",
    "sn.elementwise(lambda a: sign(a)*Abs(a)**Rational(1, 3), A)": "cbrt",
    "sn.elementwise(sympy.Max, A, B), or sn.relu(A) beside 0": "maximum",
    "sn.elementwise(sympy.Min, A, B)": "minimum",
    "sn.hadamard(A, B)": "multiply mul",
    "A*B": "matmul dot mm bmm",
    "x*y.T": "outer",
    "sn.kron(A, B)": "tile repeat",
    "sn.vstack(A, B) or sn.hstack(A, B)": "concatenate concat cat stack column_stack row_stack block",
    "products and sums of matrices, A*B, sn.hadamard(A, B), sn.sum(A, axis=0)": "einsum tensordot",
    "sn.log(1 + A)": "log1p",
    "sn.exp(A) - 1": "expm1",
    "sn.log(A)/sympy.log(2)": "log2",
    "sn.log(A)/sympy.log(10)": "log10",
    "sn.power(A, 2)": "pow",
    "sn.elementwise(lambda a: 2**a, A)": "exp2",
    "numpy.argmax(sn.evaluate(A, {…}), axis=0), or sn.softmax(Z) for shares that move, as argmax has no derivative": (
        "argmax argmin"
    ),
    "sn.trace(A)": "tr Tr",
    "sn.norm(A)": "fro frobenius l2_norm",
    "sn.norm(W)**2": "l2 l2_loss l2_regularization weight_decay L2",
    "sn.norm1(W)": "l1 L1 l1_norm",
    "sn.canonical(expr)": "simplify expand factor",
    "sn.show(expr)": "pprint print display",
    "run.plot('loss.png')": "plot",
    "sn.accuracy(net, Y)": "metrics accuracy_score binary_accuracy categorical_accuracy",
    "sn.dropout(X, mask, keep)": "Dropout",
    "a number as it is": "constant Constant scalar_tensor",
    "sympy.Symbol('t') for a number, sn.matrix('X', 2, 'n') for a matrix": "symbol symbols Symbol scalar variable "
    "Variable placeholder tensor Tensor Input Parameter MatrixSymbol var_ Matrix",
    "a NumPy array: it is a constant in a formula": "array asarray as_tensor from_numpy",
    "sympy.OneMatrix(2, 3)": "ones ones_like full",
    "sympy.ZeroMatrix(2, 3)": "zeros_like",
    "sympy.Identity(3)": "eye identity Identity",
    "numpy.random": "random rand randn",
    "functions: sn.mlp(X, [16, 2]), sn.relu(A), sn.cross_entropy(Z, Y)": "nn layers keras models Model Module F "
    "functional",
    "sn.cross_entropy(Z, Y), sn.squared_error(P, Y)": "losses loss",
    "sn.norm(A), sn.inv(A), sn.solve(A, B)": "linalg",
    "sn.derive(loss, W).to_jax(), or compile(backend='jax')": "jit vmap pmap jax",
    "sn.silu(A)": "swish",
    "sn.sigmoid(A)": "logistic expit Sigmoid",
    "sn.attention(Q, K, V)": "MultiHeadAttention MultiheadAttention scaled_dot_product_attention dot_product_attention",
    "A - sn.mean(A, axis=1)*OneMatrix(1, n), its product with its transpose over n": "cov corrcoef",
    "sn.compile(expr)": "lambdify function Function",
    "a NumPy array of numbers, which is a constant in a formula": "arange linspace",
    "sn.mlp(X, [16, 2])": "Sequential Linear Dense",
    "sn.one_hot(labels, classes)": "to_categorical",
    "sn.train(loss, data, parameters, optimizer)": "fit minimize",
    "a symbol for that part, sn.matrix('S', m, n), and give its value: no slope is taken past a symbol": (
        "stop_gradient detach no_grad stop_grad"
    ),
    "sn.divide(A, OneMatrix(m, 1)*sn.norm(A, axis=0)) for columns of A of length 1, m its rows, or sn.layer_norm(A) "
    "for mean 0 and variance 1": "normalize normalise l2_normalize normalized standardize",
    "numpy.sort(sn.evaluate(A, {…})), as symbols have no order": "sort argsort topk unique searchsorted nonzero",
    "numpy.median(sn.evaluate(A, {…})), as it moves with one entry alone; sn.mean(A) moves with all": "median quantile "
    "percentile mode nanmedian",
    "scipy.linalg.sqrtm(sn.evaluate(A, {…})), as there is no root of a whole matrix; sn.sqrt(A) is that of its "
    "entries": "sqrtm matrix_sqrt",
    "scipy.linalg.logm(sn.evaluate(A, {…})), as there is no logarithm of a whole matrix; sn.logdet(A) is that of its "
    "determinant, sn.log(A) that of its entries": "logm matrix_log",
    "A**k": "matrix_power mpower",
    "sn.expm(A)": "matrix_exp matrix_exponential",
    **{
        f"sn.elementwise(sympy.{f}, A)": names
        for f, names in {
            "erf": "erf",
            "erfc": "erfc",
            "gamma": "gamma tgamma",
            "loggamma": "loggamma gammaln lgamma",
            "digamma": "digamma psi",
            "asinh": "asinh arcsinh",
            "acosh": "acosh arccosh",
            "atanh": "atanh arctanh",
            "sec": "sec",
            "csc": "csc",
            "cot": "cot",
        }.items()
    },  # fmt: skip
    "sn.elementwise(sympy.atan2, A, B)": "atan2 arctan2",
    "sn.arcsin(A)": "asin",
    "sn.arccos(A)": "acos",
    "sn.arctan(A)": "atan",
    "sn.sqrt(sn.square(A) + sn.square(B))": "hypot",
    "sn.elementwise(lambda a: sin(a)/a, A), where no entry is 0": "sinc",
    "numpy.floor(sn.evaluate(A, {…})) and the like, as rounding has slope 0": "floor ceil ceiling round rint trunc fix "
    "mod fmod remainder",
    "sn.reshape(A, -1), or sn.vec(A) column by column": "flatten ravel Flatten",
    "sn.reshape(A, shape)": "view resize unflatten",
    "sn.transpose(A)": "permute swapaxes moveaxis permute_dims",
    "A as it is: it has two axes, whatever its sizes": "squeeze unsqueeze expand_dims atleast_2d",
    "v*OneMatrix(1, n), the column n times, or OneMatrix(m, 1)*r, the row m times": "broadcast_to broadcast expand_as "
    "broadcast_arrays repeat_interleave",
    "slices, A[:, :k] and A[:, k:]": "split chunk array_split hsplit vsplit unstack slice narrow",
    "a product with a symbol for a matrix of 0 and 1, A*E with E = sn.matrix('E', n, k, one_hot='columns')": "gather "
    "take index_select take_along_axis",
    "sn.hadamard(A, mask), or sn.attention(Q, K, V, mask=mask), with an array or a symbol of 0 and 1": "masked_fill "
    "masked_select",
    "sn.hadamard(A, numpy.tril(numpy.ones((n, n)))), and numpy.triu": "tril triu",
    "sn.vstack(A, ZeroMatrix(k, n)) or sn.hstack; convolutions take padding=": "pad",
    "numpy.linalg of sn.evaluate(A, {…}), as there are no factors of a symbolic matrix": "eig eigh eigvals eigvalsh "
    "svd qr cholesky lu schur rank matrix_rank cond nullspace null_space",
    "sn.solve(A, B), or sn.pinv(A)*B for the least squares": "lstsq",
    "sn.logdet(A)": "slogdet log_det",
    "sn.clip(A, low, high)": "clamp clip_by_value",
    "sn.power(A, -1)": "reciprocal",
    "sn.power(A, Rational(-1, 2))": "rsqrt",
    "sn.elementwise(lambda a, s: Piecewise((a, a > 0), (s*a, True)), A, s), with a Symbol s": "prelu PReLU",
    "sn.softmax(-A)": "softmin",
    "sn.log(sn.cumsum(sn.exp(A), axis=0))": "logcumsumexp",
    "sn.exp(sn.cumsum(sn.log(A), axis=0)), where all entries are above 0": "cumprod",
    "sn.var(A)": "variance",
    "sn.std(A)": "stdev stddev",
    "sn.layer_norm of the rows of each group, A[:k, :]": "group_norm instance_norm GroupNorm InstanceNorm",
    "sn.norm(A - B)": "cdist pairwise_distance euclidean distance",
    "A.T*A": "gram",
    "numpy's isnan and nan_to_num before the data are given: a formula has no NaN": "isnan isinf isfinite nan_to_num",
    "numpy.allclose of the values, sn.evaluate(A, {…}); sn.canonical(A) == sn.canonical(B) compares formulas": (
        "allclose isclose array_equal"
    ),
    "sympy.Symbol('t') for a number": "number",
    "sn.conv2d(K, X, shape=(C, H, W)), X with an image in each column, its channels one under another": "images "
    "channels Images Channels",
}


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: ours for ours, names in table.items() for name in names.split()}


FUNCTIONS = _by_name(_FUNCTIONS)


def near(word: str, known: Iterable[str], likeness: float = 0.6) -> list[str]:
    """Give the known word that is most like one that is not known, in a list, or none; a likeness of 1 is the same."""
    close = import_module("difflib").get_close_matches  # loaded where a word is wrong
    found: list[str] = close(word, list(known), 1, likeness)
    return found


def instead(name: str, names: Iterable[str], table: dict[str, str], prefix: str = "") -> str:
    """Give "; write …" for a name that is none of `names`, or nothing where none is like it."""
    if name in table:
        return f"; write {table[name]}"
    lower = {known.lower(): known for known in names}
    close = near(name.lower(), lower, 0.75)
    return f"; write {prefix}{lower[close[0]]}" if close else ""


def meant(option: str, names: Sequence[str]) -> str | None:
    """Give the argument of ours, one of the names, for which another library says `option`, or None."""
    for ours in names:
        if option in _ARGUMENTS.get(ours, "").split():
            return ours
    close = near(option.lower(), names, 0.7)
    return close[0] if close else names[0] if names and len(names[0]) == 1 and option in _FIRST else None


def no_such_argument(option: str, value: Any, names: Sequence[str], taken: Container[str] = ()) -> str:
    """Say that there is no argument of the name, and what to write instead.

    names: the arguments that there are; taken: those of them that were given.
    """
    way = next((w for (a, w), t in _NONE.items() if option in t.split() and (not a or a in names)), None)
    ours = meant(option, names)
    book = next((n for n in names if n in ("values", "data") and n not in taken), None)
    if ours in taken or (way and option not in _ARGUMENTS.get(ours or "", "").split()):
        ours = None
    if ours:
        shown = value if isinstance(value, (int, float, str, tuple)) and len(repr(value)) <= 30 else None
        way = f"write {ours}={_VALUES.get(option) or _VALUES.get(ours) or ('…' if shown is None else repr(shown))}"
    elif way is None and book and option not in ("shuffle",):
        way = f"{book} are given in a dictionary: {{{option!r}: …}}"
    elif way is None:
        way = (
            f"there are {', '.join(names)}" if len(names) > 1 else f"there is {names[0]}" if names else "it takes none"
        )
    return f"there is no argument {option}=; {way}"
