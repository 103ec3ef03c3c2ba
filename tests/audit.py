"""The pins of config/constraints.txt against the known advisories: python -m tests.audit.

pip-audit asks, in an environment of its own. Exit code 1 when a pin has a fault that a newer version mends.
Where advisories cannot be reached pip-audit finds "no known vulnerabilities" among packages that it left out:
that is said here, and is no failure.
"""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parents[1] / "config" / "constraints.txt"
_PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Audit:
    """What could be said of the pins."""

    judged: int
    """Pins of which the advisories were read."""
    pins: int
    faults: tuple[str, ...]
    """Known faults that a newer version mends, one a line."""
    waiting: tuple[str, ...]
    """Known faults that no version mends yet."""

    def lines(self) -> list[str]:
        """For a reader."""
        if not self.judged:
            return [
                f"advisories: NOT READ, the service cannot be reached from here; 0 of {self.pins} pins judged"
            ]
        verdict = f"advisories: {self.judged} of {self.pins} pins judged, {len(self.faults)} to be raised"
        left = [f"    no version mends it yet: {one}" for one in self.waiting]
        return [verdict, *(f"    {one}" for one in self.faults), *left]


def read(dependencies: Iterable[dict[str, Any]], pins: int) -> Audit:
    """pip-audit's answer: of each dependency its faults (`vulns`), or why it was left out (`skip_reason`)."""
    judged, faults, waiting = 0, [], []
    for one in dependencies:
        if "vulns" not in one:
            continue
        judged += 1
        for fault in one["vulns"]:
            told = f"{one['name']} {one['version']}: {fault['id']}"
            if fault["fix_versions"]:
                faults.append(f"{told}, mended in {' or '.join(fault['fix_versions'])}")
            else:
                waiting.append(told)
    return Audit(judged, pins, tuple(faults), tuple(waiting))


def pins(text: str) -> int:
    """How many packages are pinned."""
    return sum("==" in line.partition("#")[0] for line in text.splitlines())


def main() -> None:
    """The audit and its report."""
    wanted = pins(PINS.read_text(encoding="utf-8"))
    audit = Audit(0, wanted, (), ())
    with tempfile.TemporaryDirectory(prefix="pcrs-audit-") as folder:
        told = Path(folder) / "told.json"
        try:
            venv.create(Path(folder) / "venv", with_pip=True)
            program = Path(folder) / "venv" / "bin"
            _run(program / "pip", "install", "--quiet", "pip-audit")
            quiet = ("--no-deps", "--disable-pip", "--progress-spinner", "off")
            _run(program / "pip-audit", "-r", PINS, *quiet, "-f", "json", "-o", told)
        except (OSError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"pip-audit: {error}\n")
        if told.exists() and (text := told.read_text(encoding="utf-8")):
            audit = read(json.loads(text)["dependencies"], wanted)
    sys.stdout.write("\n".join(audit.lines()) + "\n")
    raise SystemExit(1 if audit.faults else 0)


def _run(program: Path, *arguments: str | Path) -> None:
    """pip-audit ends with 1 for what it finds too: what it wrote is judged, not how it ended."""
    subprocess.run([program, *arguments], capture_output=True, check=False, timeout=_PATIENCE_S)


if __name__ == "__main__":
    main()
