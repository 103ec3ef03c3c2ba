"""What pcrs stands on: pinned whole, of licences that allow it, and told as an SBOM."""

import re
import tomllib
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PINS = dict(
    line.split("==")
    for line in (ROOT / "config/constraints.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line
)
PINNED = {canonicalize_name(name): version for name, version in PINS.items()}
STRONG = re.compile(r"\b(?:A?GPL|Affero)\b", re.IGNORECASE)
MILD = re.compile(r"LGPL|Lesser", re.IGNORECASE)


def needed() -> dict[str, Distribution]:
    """The distributions that `pip install pcrs` brings, by name."""
    found: dict[str, Distribution] = {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name in found or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        found[name] = distribution(name)
        extras = asked.extras or {""}
        for line in found[name].requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(Requirement(str(wanted).partition(";")[0]))
    return found


NEEDED = needed()


def test_all_that_is_installed_for_pcrs_is_pinned_and_is_what_the_pins_say():
    assert len(NEEDED) > 60
    assert {name: found.version for name, found in NEEDED.items()} == {
        name: PINNED.get(name) for name in NEEDED
    }


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_licences_are_known_and_ask_nothing_of_pcrs(name):
    told = NEEDED[name].metadata
    said = [told.get("License-Expression") or "", (told.get("License") or "")[:200]]
    said += [one for one in told.get_all("Classifier") or () if one.startswith("License")]
    words = " ".join(said).strip()
    files = [file for file in NEEDED[name].files or () if re.search(r"(?i)licen[cs]e|copying", file.name)]
    assert words or files, f"{name} tells no licence"
    choice = re.split(r"\bOR\b", words)
    assert any(not STRONG.search(MILD.sub("", one)) for one in choice), (name, words)


def test_what_is_pinned_holds_together():
    """As `pip check`: every requirement of what is installed is met."""
    there = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    for name, found in NEEDED.items():
        for line in found.requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                version = there.get(canonicalize_name(wanted.name))
                assert version is not None, (name, line)
                assert wanted.specifier.contains(version, prereleases=True), (name, line, version)
