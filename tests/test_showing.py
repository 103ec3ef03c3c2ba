import io

import pytest
from rich.console import Console

from pcrs.showing import Lines, duration, rate, showing
from pcrs.work.progress import Step


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lines(events: list[tuple[float, Step]]) -> list[str]:
    """What is said of steps at these times."""
    clock, said = Clock(), []
    show = Lines(said.append, clock)
    for at, step in events:
        clock.now = 100.0 + at
        show(step)
    return said


def test_a_line_for_each_tenth_then_with_the_remaining_time():
    said = lines([(30.0 * done, Step("dalles", done, 40)) for done in range(41)])
    assert len(said) == 11
    assert said[0] == "dalles: 0/40"
    assert said[1] == "dalles: 4/40, 2.0/min, reste 18 min"
    assert said[-1] == "dalles: 40/40, 2.0/min"


def test_what_an_earlier_run_did_does_not_count_as_fast():
    said = lines([(0, Step("pyramide", 500, 1000)), (10, Step("pyramide", 600, 1000))])
    assert said == ["pyramide: 500/1000", "pyramide: 600/1000, 10/s, reste 40 s"]


def test_stages_are_told_apart_and_empty_ones_are_not_told():
    said = lines([(0, Step("a", 0, 1)), (0, Step("b", 0, 1)), (0, Step("c", 0, 0)), (5, Step("a", 1, 1))])
    assert said == ["a: 0/1", "b: 0/1", "a: 1/1, 12/min"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89.4, "89 s"), (90, "2 min"), (5_340, "89 min"), (12_000, "3 h 20")]
)
def test_duration(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("speed", "said"), [(120, "120/s"), (1, "1.0/s"), (0.5, "30/min"), (0.05, "3.0/min")]
)
def test_rate(speed, said):
    assert rate(speed) == said


def test_bars_on_a_terminal_say_how_fast():
    out = io.StringIO()
    with showing(Console(file=out, force_terminal=True, width=120)) as progress:
        for done in range(0, 2001, 100):
            progress(Step("dalles", done, 2000))
        progress(Step("rien", 0, 0))
    text = out.getvalue()
    assert "2000/2000" in text
    assert "/s" in text
    assert "rien" not in text


def test_lines_in_a_log():
    out = io.StringIO()
    with showing(Console(file=out)) as progress:
        progress(Step("dalles", 0, 3))
    assert out.getvalue() == "dalles: 0/3\n"
