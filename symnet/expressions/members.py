"""What objects of other libraries can do: methods of tensors, models, losses and results, and what ours have instead.

In: an attribute that is none of ours. Out: an `AttributeError` that says what to write. Nothing is looked up before
something is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

Table = dict[str, str]


def _by_name(table: Table) -> Table:
    return {name: ours for ours, names in table.items() for name in names.split()}


_OF_THE_NAME = "exp log sqrt sin cos tan tanh sinh cosh sign diagonal softplus"
MATRIX = _by_name({
    **{f"sn.{f}(A)": f for f in _OF_THE_NAME.split()},
    "sn.sum(A), and sn.sum(A, axis=0) along an axis": "sum",
    "sn.cumsum(A, axis=0)": "cumsum",
    "sn.mean(A)": "mean average",
    "sn.inner(x, y) for two columns, or A*B": "dot vdot",
    "A*B": "matmul mm bmm mv gemm",
    "sn.norm(A)": "norm",
    "sn.hadamard(A, B)": "mul multiply hadamard",
    "A + B": "add_ add",
    "A - B": "sub subtract",
    "sn.divide(A, B)": "div divide",
    "sn.power(A, 2)": "pow power",
    "sn.square(A)": "square",
    "x*y.T": "outer ger",
    "sn.reshape(A, shape)": "reshape view resize unflatten",
    "sn.reshape(A, -1)": "flatten ravel",
    "A.T": "t mH swapaxes permute permute_dims transpose_",
    "sn.abs(A)": "abs",
    "sn.max(A)": "max amax",
    "sn.min(A)": "min amin",
    "sn.var(A)": "var",
    "sn.std(A)": "std",
    "sn.prod(A)": "prod",
    "sn.norm1(A)": "norm1",
    "sn.clip(A, low, high)": "clip clamp clip_by_value",
    "sn.softmax(A)": "softmax",
    "sn.relu(A)": "relu relu_",
    "sn.log_softmax(A)": "log_softmax",
    "sn.logsumexp(A)": "logsumexp",
    "sn.sigmoid(A)": "sigmoid",
    "sn.diagonal(A), or sn.diag(v) for a matrix": "diag",
    "sn.solve(A, B)": "solve LUsolve lstsq",
    "sn.pinv(A)": "pinv",
    "sn.logdet(A)": "logdet slogdet",
    "sn.kron(A, B)": "kron tile repeat repeat_interleave",
    "v*OneMatrix(1, n), the column n times": "broadcast_to",
    "sn.gradient(loss, A), with a scalar loss": "grad gradient backward jacobian requires_grad requires_grad_ "
    "retain_grad grad_fn",
    "A as it is: it is symbolic, and no graph is kept": "detach clone contiguous cpu cuda to device stop_gradient",
    "sn.evaluate(A, {…})": "numpy item tolist value values eval evaluate data run compute toarray todense array",
    "sn.compile(A, dtype='float32')": "float double half astype dtype type cast",
    "A.shape": "size ndim rank_ dim length get_shape nbytes",
    "A as it is: it has two axes, whatever its sizes": "squeeze unsqueeze expand_dims newaxis",
    "net.parameters of net = sn.mlp(…)": "weights parameters params bias biases trainable_variables layers",
    "numpy.argmax(sn.evaluate(A, {…}), axis=0)": "argmax argmin argsort sort topk",
    "numpy.linalg of sn.evaluate(A, {…})": "eig eigh eigenvals eigenvalues eigenvects svd qr cholesky rank "
    "LUdecomposition QRdecomposition nullspace cond",
    "sn.elementwise(f, A)": "apply map apply_ map_ applymap",
    "sn.formula(A, format='latex')": "latex _repr_tex_",
    "sn.show(A)": "show pprint",
})  # fmt: skip
SCALAR = _by_name({
    "sn.gradient(loss, W)": "gradient grad jac jacobian",
    "sn.derive(loss, [W, b])": "backward derive",
    "sn.hessian(loss, W)": "hessian",
    "sn.evaluate(loss, {X: x, …})": "item numpy value eval evaluate detach run forward compute tolist cpu",
    "sn.train(loss, {X: x, Y: y})": "minimize minimise train fit optimize optimise step",
    "sn.compile(loss)": "compile jit",
    "sn.derive(loss, [W, b]).compile().source": "source code",
    "sn.formula(loss, format='latex')": "latex to_latex tex",
    "sn.show(loss)": "show pprint display",
    "the loss alone: it is a number": "T t dot max min sum mean size ndim reshape shape view ravel squeeze cuda to "
    "device clone contiguous rows cols det trace H mH",
    "1/loss: it is a number": "inv inverse I pinv",
    "f(loss), with a function of SymPy's": "applyfunc",
    "sn.compile(loss, dtype='float32')": "dtype astype float double type",
    "loss.free_symbols, or net.parameters": "parameters weights params variables",
    "sn.check_gradients(loss, {…})": "check gradcheck check_gradients",
    "sn.gradient(loss, W): no graph is kept": "requires_grad requires_grad_ retain_grad grad_fn zero_grad",
})  # fmt: skip
OBJECTS: dict[str, Table] = {
    kind: _by_name(table)
    for kind, table in {
        "Training": {
            "run.evaluate(net, {X: new})": "predict predict_proba predict_log_proba decision_function transform "
            "forward apply call infer",
            "run.evaluate(sn.accuracy(net, Y), {X: x, Y: y})": "score accuracy",
            "run.parameters": "weights params coef_ coefs_ intercepts_ intercept_ biases get_weights state_dict x w "
            "weights_ variables best_params_ named_parameters",
            "sn.save('run.npz', run)": "save dump save_weights to_file",
            "sn.load('run.npz')": "load load_weights load_state_dict",
            "run.history['loss']": "losses loss_curve_ history_ train_loss training_loss loss_curve",
            "run.history['validation_loss']": "validation_loss val_loss val_losses validation_scores_ valid_loss",
            "run.history": "metrics log logs metrics_names",
            "run.loss": "loss_ best_loss_ fun final_loss last_loss",
            "print(run)": "summary show display report",
            "run.derivation": "model net network gradients gradient grad grads equations formula optimizer graph",
            "len(run.history['loss'])": "epoch epochs n_iter_ nit n_epochs steps",
            "run.success and run.message": "converged status",
            "sn.train(loss, data, run, …), which goes on from it,": "fit partial_fit train resume",
        },
        "Derivation": {
            "d.closed(W) for a formula, d.compile()(values)[1][W] for its value": "gradients gradient grad grads diff "
            "jacobian derivative derivatives closed_form simplify expand",
            "d.compile()(values)": "evaluate eval run subs evalf numpy call value values",
            "d.compile().source": "source code python to_python to_code to_numpy numpy_code lambdify",
            "d.latex()": "tex to_latex to_tex as_latex",
            "print(d)": "show print pprint display markdown text",
            "sn.summary(d)": "summary",
            "d.wrt": "parameters params symbols variables weights",
            "sn.train(loss, data)": "train fit minimize optimize step",
            "sn.check_gradients(loss, values)": "check verify gradcheck test validate",
            "sn.derive(loss, W, order=2), or sn.hessian(loss, W)": "hessian second",
            "d.equations": "steps lines graph nodes tape sections_ program_lines",
            "d.to_jax(), or d.compile(backend='jax')": "jit jax",
            "d.to_torch()": "torch",
            "pickle.dump(d, file)": "save dump",
            "d.loss": "expr expression objective",
            "d.cost()": "flops memory",
        },
        "Kernel": {
            "kernel(values)": "evaluate run predict forward eval execute apply fun call",
            "kernel(values)[1], the gradients by symbol": "gradient gradients grad grads jac backward",
            "kernel(values)[0]": "loss value",
            "kernel.source": "code python text numpy to_code",
            "d.compile(backend='jax')": "jit jax cuda to",
            "kernel.arguments": "inputs args names variables",
            "sn.evaluate(expr, values)": "subs",
        },
        "MLP": {
            "net.parameters": "weights biases bias params variables trainable_variables get_weights coefs_ weight "
            "named_parameters layers named_modules children trainable_weights",
            "run = sn.train(loss, {X: x, Y: y}, net)": "fit train compile train_on_batch optimize",
            "run.evaluate(net, {X: new}) with run = sn.train(…)": "predict predict_proba evaluate eval score transform",
            "net(X), which gives a formula": "forward call apply",
            "sn.summary(net)": "summary count_params",
            "sn.save('run.npz', run) with run = sn.train(…)": "save state_dict save_weights",
            "sn.load('run.npz')": "load load_weights load_state_dict set_weights",
            "sn.squared_error(net, Y), or another loss": "loss loss_fn criterion cost",
            "sn.derive(loss, net)": "backward gradient grad gradients zero_grad derive diff",
            "net.output": "outputs out expr logits",
            "net.output.free_symbols, the X that you gave among them": "inputs input X",
            "all sizes in one list, sn.mlp(X, [16, 8, 2])": "add append insert",
            "net.output with sn.evaluate": "numpy item value",
        },
        "GradientCheck": {
            "check.ok": "passed success is_ok correct",
            "max(row.relative for row in check.rows)": "max_error error errors relative_error worst",
            "check.raise_if_failed()": "raise_if_wrong assert_ok raise_for_status check",
            "print(check)": "show report message text table",
        },
        "Diagnosis": {
            "print(diagnosis), or its .faults": "fix message error errors explanation text report hint show mistakes",
        },
        "StructuredMatrix": {
            "K.to_dense()": "toarray numpy todense A array tolist",
            "numpy.linalg of K.to_dense()": "eigenvalues eigvals eigenvals eigh eigvalsh inv det svd",
        },
        "Summary": {
            "summary.parameters": "params total n_params total_params count_params num_parameters",
            "summary.operations": "flops macs total_flops ops",
            "print(summary)": "show table text",
        },
        "Rule": {
            "sn.train(loss, data, parameters, optimizer)": "step minimize zero_grad fit apply_gradients apply "
            "update_weights param_groups train",
            "optimizer.rate": "lr learning_rate eta",
        },
    }.items()
}  # fmt: skip


class Hint:
    """What stands where a tensor has a method: an attribute that is missing, and says why."""

    def __init__(self, way: str, of: str) -> None:
        self.way, self.of = f"write {way}", of

    def __get__(self, A: Any, owner: type) -> NoReturn:
        raise AttributeError("symbols have no such method" if A is None else f"{self.way} for {self.of} = {_short(A)}")


def hints(kind: type, table: Table, of: str, hint: type[Hint] = Hint) -> None:
    """Give a class of SymPy's the hints of a table, where it has no attribute of the name."""
    known = {name for c in kind.__mro__ for name, value in vars(c).items() if not isinstance(value, Hint)}
    for name, way in table.items():
        if name not in known:
            setattr(kind, name, hint(way, of))
    kind.__dir__ = _own  # type: ignore[method-assign, assignment]


def _own(self: Any) -> list[str]:
    # a hint is no method
    kinds = type(self).__mro__
    found = {name: next((vars(c)[name] for c in kinds if name in vars(c)), None) for name in object.__dir__(self)}
    return [name for name, value in found.items() if not isinstance(value, Hint)]


def _short(A: Any) -> str:
    text = str(A)
    return text if len(text) <= 60 else f"{text[:57]}…"


class Told:
    """What says what to write where it is asked for something that others have; `kind`: its row in `OBJECTS`."""

    if not TYPE_CHECKING:  # who checks types knows every name

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            raise AttributeError(missing(self, name), name=name, obj=self)


def missing(value: Any, name: str) -> str:
    """Say that an object has no attribute of the name, and what to write instead."""
    if name in dir(type(value)):
        return f"{type(value).__name__}.{name} could not be computed"
    kinds = [c.__name__ for c in type(value).__mro__]
    table = next((OBJECTS[k] for k in kinds if k in OBJECTS), {})
    held, place = (value, "") if isinstance(value, (tuple, dict)) else (vars(value).get("parameters"), ".parameters")
    if any(str(getattr(key, "name", key)) == name for key in held or ()):
        way = f"write {place}[{name!r}]"
    elif name in table:
        way = f"write {table[name]}"
    else:
        own = {*dir(type(value)), *getattr(value, "__dict__", ())}
        way = f"it has {', '.join(sorted(n for n in own if not n.startswith('_')))}"
    return f"a{'n' * (kinds[0][0] in 'AEIO' or kinds[0] == 'MLP')} {kinds[0]} has no {name}; {way}"
