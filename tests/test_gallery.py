"""Every example of the gallery holds its claim, on short settings, and has its place on the page."""

import importlib
import re
import sys
from pathlib import Path

import pytest

import symnet as sn

GALLERY = Path(__file__).parent.parent / "examples" / "gallery"
APART = {"gallery_style", "index"}  # what is no example
NAMES = sorted(path.stem for path in GALLERY.glob("*.py") if path.stem not in APART)


@pytest.fixture
def load(monkeypatch):
    """Give what imports a script of the gallery as it would be run, with short settings."""
    monkeypatch.setenv("SYMNET_QUICK", "1")
    monkeypatch.syspath_prepend(str(GALLERY))
    for name in [*NAMES, *APART]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in [*NAMES, *APART]:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_holds_its_claim_and_draws_its_picture(name, load, tmp_path, capsys):
    formulas = load(name).main(tmp_path)  # asserts its claim
    printed = capsys.readouterr().out
    assert formulas
    for one in formulas:
        assert (str(one) if isinstance(one, sn.Derivation) else sn.formula(one)) in printed
    assert re.search(r"\d", printed.split("\n\n")[-1]), "what was found, in numbers"
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.png"]
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_derives_what_it_trains(name):
    text = (GALLERY / f"{name}.py").read_text()
    assert len(text.splitlines()) < 60
    assert "assert " in text and ("sn.train(" in text or "sn.derive(" in text or "sn.gradient(" in text)
    assert text.startswith('"""') and ": " in text.splitlines()[0], "a title"


def test_the_page_has_every_example_its_formulas_and_its_picture(load, tmp_path, monkeypatch):
    index = load("index")
    assert sorted(name for names in index.SECTIONS.values() for name in names) == NAMES
    monkeypatch.setattr(index, "SECTIONS", {"One layer": ("xor",)})
    index.main(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "<math" in page and 'src="xor.png"' in page and "1 xor 1 is 0, the network says" in page
    assert (tmp_path / "xor.png").exists()
