"""`import symnet` loads what derives; what runs, prints, trains, checks and diagnoses comes when it is asked for."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import symnet as sn

LATER = {name: wing for wing, names in sn._LATER.items() for name in names.split()}
HEAVY = (
    "_hashlib",
    "csv",
    "html",
    "json",
    "symnet.backends",
    "symnet.checking",
    "symnet.diagnosis",
    "symnet.export",
    "symnet.notation",
    "symnet.optimizers",
    "symnet.parsing",
    "symnet.training",
)


def test_what_is_not_asked_for_is_not_loaded():
    told = "import sys, symnet as sn; print(*sys.modules); sn.train; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    before, after = (line.split() for line in done.stdout.splitlines())
    assert not set(HEAVY) & set(before), "these take time, and nobody has asked for them"
    assert "symnet.training" in after and "symnet.diagnosis" not in after


@pytest.mark.parametrize("name", sorted(LATER))
def test_what_comes_later_is_what_its_wing_hands_on(name):
    assert inspect.unwrap(getattr(sn, name)) is getattr(import_module(f"symnet.{LATER[name]}"), name)
    assert name in sn.__all__ and getattr(sn, LATER[name]) is import_module(f"symnet.{LATER[name]}")


def test_who_checks_types_sees_the_same_names():
    block = next(node for node in ast.parse(inspect.getsource(sn)).body if isinstance(node, ast.If))
    told = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert told == {name: f"symnet.{wing}" for name, wing in LATER.items()}


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'symnet' has no attribute 'Adamm'"):
        sn.Adamm  # noqa: B018
    assert set(sn.__all__) == set(dir(sn))
