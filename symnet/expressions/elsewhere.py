"""What other libraries call it: names that NumPy's, Keras's, PyTorch's and scikit-learn's users write first.

In: a name that is not ours. Out: what to write instead, as an error or the end of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_ARGUMENTS = {
    "validation": "validation_split validation_data validation_fraction val_data",
    "patience": "early_stopping n_iter_no_change",
    "epochs": "n_epochs num_epochs max_iter iterations n_iter",
    "batch_size": "batch minibatch",
    "seed": "random_state rng",
    "progress": "verbose",
    "callback": "callbacks",
    "clip": "clipnorm max_norm grad_clip",
    "optimizer": "lr learning_rate",
    "rate": "lr learning_rate eta step_size",
    "beta1": "beta_1 betas",
    "beta2": "beta_2",
    "beta": "momentum",
    "decay": "weight_decay",
    "rho": "alpha",
    "epsilon": "eps",
}
_VALUES = {"optimizer": "sn.Adam(0.01)", "patience": "20", "progress": "False", "validation": "0.2"}
_FUNCTIONS = {
    "sn.GradientDescent(rate)": "SGD sgd",
    "sn.RMSProp()": "RMSprop rmsprop",
    "sn.AdaGrad()": "Adagrad adagrad",
    "sn.Adam()": "adam",
    "sn.LBFGS()": "lbfgs BFGS",
    "sn.gradient(loss, W)": "grad value_and_grad",
    "sn.derive(loss, parameters)": "backward autograd",
    "sn.formula(expr, format='latex')": "latex to_latex",
    "sn.formula(expr, format='mathml')": "mathml",
    "sn.binary_cross_entropy(Z, Y)": "binary_crossentropy BCELoss bce_with_logits",
    "sn.cross_entropy(Z, Y)": "categorical_crossentropy crossentropy CrossEntropyLoss softmax_cross_entropy",
    "sn.mse(Z, Y)": "MSELoss mse_loss mean_squared_error",
    "sn.mean(sn.abs(Z - Y))": "mae mean_absolute_error l1_loss",
    "sn.elementwise(lambda a: Piecewise((a, a > 0), (0, True)), A)": "where",
    "sn.softmax(Z) for shares that move, as argmax has no derivative": "argmax argmin",
    "sn.hadamard(A, B)": "multiply mul",
    "A*B": "matmul dot mm",
    "sn.silu(A)": "swish",
    "sn.mlp(X, [16, 2])": "Sequential Linear Dense MLP",
    "sn.one_hot(labels, classes)": "to_categorical",
    "sn.train(loss, data, parameters, optimizer)": "fit minimize",
}
_RUN = {
    "run.evaluate(net, {X: new})": "predict predict_proba score",
    "run.parameters": "weights params coef_ get_weights state_dict",
    "sn.save('run.npz', run)": "save dump",
    "run.history['loss']": "losses loss_curve_ history_",
    "print(run)": "summary",
}


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: ours for ours, names in table.items() for name in names.split()}


FUNCTIONS, RUN = _by_name(_FUNCTIONS), _by_name(_RUN)


def instead(name: str, names: Iterable[str], table: dict[str, str], prefix: str = "") -> str:
    """Give "; write …" for a name that is none of `names`, or nothing where none is like it."""
    if name in table:
        return f"; write {table[name]}"
    lower = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), lower, 1, 0.75)
    return f"; write {prefix}{lower[near[0]]}" if near else ""


def refuse_strangers(what: str, options: Iterable[str], names: Iterable[str]) -> None:
    """Raise `TypeError` for the first of the options that is none of the names, with the one that is meant."""
    names = list(names)
    for option in options:
        if option in names:
            continue
        meant = next((ours for ours, theirs in _ARGUMENTS.items() if ours in names and option in theirs.split()), None)
        if meant is None:
            near = get_close_matches(option.lower(), names, 1, 0.7)
            meant = near[0] if near else None
        way = f"write {meant}={_VALUES.get(meant, '…')}" if meant else f"there are {', '.join(names)}"
        raise TypeError(f"{what}: there is no argument {option}=; {way}")


def named(function: F) -> F:
    """Give a function that refuses arguments which it does not have by the names of those that it has."""
    names = list(signature(function).parameters)

    @wraps(function)
    def checked(*args: Any, **options: Any) -> Any:
        refuse_strangers(function.__name__, options, names)
        return function(*args, **options)

    return checked  # type: ignore[return-value]
