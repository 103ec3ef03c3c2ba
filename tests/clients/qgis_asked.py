"""A probe that runs in QGIS without a screen, and what it tells."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import run

_PYTHON = "/usr/bin/python3"


def qgis_told(probe: str, folder: Path, *arguments: object, needs: str = "qgis.core") -> Any:
    """The JSON that the script `probe` beside this file writes, `folder` its home; skips without `needs`."""
    known = subprocess.run([_PYTHON, "-c", f"import {needs}"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip(f"QGIS's Python (python3-qgis) cannot import {needs}")
    script = Path(__file__).with_name(probe)
    environment = {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    said = run(_PYTHON, script, *arguments, **environment, PYTHONPATH="", PATH=os.environ["PATH"])
    return json.loads(said[said.index("{") :])
