"""What pip-audit tells is read rightly: above all that it read nothing."""

from tests.audit import PINS, pins, read

_FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": [], "description": "…"}


def test_packages_that_were_left_out_are_not_judged():
    audit = read([{"name": name, "skip_reason": "not found"} for name in ("a", "b")], 2)
    assert (audit.judged, audit.faults) == (0, ())
    assert "NOT READ" in audit.lines()[0]


def test_what_a_newer_version_mends_is_a_fault_and_what_none_mends_is_told():
    audit = read(
        [
            {"name": "a", "version": "2.0", "vulns": [_FAULT]},
            {"name": "b", "version": "1.0", "vulns": [_FAULT | {"id": "PYSEC-2", "fix_versions": []}]},
            {"name": "c", "version": "1.0", "vulns": []},
            {"name": "d", "skip_reason": "not found"},
        ],
        4,
    )
    assert audit.faults == ("a 2.0: PYSEC-2026-1, mended in 2.1",)
    assert audit.waiting == ("b 1.0: PYSEC-2",)
    assert audit.lines() == [
        "advisories: 3 of 4 pins judged, 1 to be raised",
        "    a 2.0: PYSEC-2026-1, mended in 2.1",
        "    no version mends it yet: b 1.0: PYSEC-2",
    ]


def test_every_pin_counts():
    assert pins(PINS.read_text(encoding="utf-8")) > 100
    assert pins("# a==1\n\nb==2  # c==3\n") == 1
