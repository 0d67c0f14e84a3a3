"""The page on scale: its programs run, one after another, and print what stands below them; the simulation adds up."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def scale():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "examples"))
        import scale

        yield scale


def test_the_programs_print_what_the_page_says(scale):
    names: dict = {}
    assert len(PROGRAMS) > 8 and PAGE.count("```text") == sum(bool(said) for _, said in PROGRAMS)
    for code, said in PROGRAMS:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, names)  # noqa: S102 - our own page
        assert out.getvalue() == said, code


def test_a_step_on_one_device_is_what_its_equations_take(scale):
    d, machine = scale.deep(3, 16), scale.Machine(operations=1e9, memory=1e30)
    alone = scale.step(d, 64, 1, machine)
    cost = d.cost({"n": 64}, np.float32)
    assert alone.sending == 0 and alone.whole == alone.computing == pytest.approx(cost.operations / 1e9)
    slow = scale.Machine(operations=1e30, memory=1e9)
    assert scale.step(d, 64, 1, slow).whole == pytest.approx(cost.bytes / 1e9)


def test_a_ring_sends_what_it_must(scale):
    machine = scale.Machine(network=1e9, latency=0.0)
    assert machine.ring(8e9, 1) == 0 and machine.ring(8e9, 2) == pytest.approx(8)
    assert machine.ring(8e9, 1000) == pytest.approx(16, rel=2e-3), "about twice the bytes, whatever k is"
    assert scale.Machine(network=1e30, latency=1.0).ring(5.0, 4) == pytest.approx(6)


def test_sending_hides_behind_computing_and_no_further(scale):
    d, machine = scale.deep(6, 256), scale.Machine(network=1e8, latency=0.0)
    for devices in (2, 8, 64):
        s = scale.step(d, 4096, devices, machine)
        gradients = 4 * 6 * (256 * 256 + 256)
        assert s.sending == pytest.approx(machine.ring(gradients, devices))
        assert max(s.computing, s.sending) <= s.whole <= s.computing + s.sending
