"""OGC's conformance tests in CTL, run by the engine of TEAM Engine without a server or a network.

The engine is on Maven Central (`org.opengis.cite.teamengine:teamengine-core:5.7` and what it needs, 28 jars);
the suites are not, so their scripts are taken from a checkout. Both are judges (`tests.clients.judges`):
`teamengine` is a folder of jars (`mvn dependency:copy-dependencies`).
"""

import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

from tests.clients.conftest import need

PARSERS = "com/occamlab/te/scripts/parsers.ctl"
_VERDICT = re.compile(r"^\s*Test (\S+) (Passed|Failed|Skipped|Warning|Not Tested|Continue)\b", re.MULTILINE)


def run_ctl(
    jars: Path, main: Path, resources: Path, test: str, folder: Path, **arguments: str
) -> dict[str, str]:
    """Verdicts by the names of tests, those within tests too.

    Args:
        jars: a folder with the engine and its libraries.
        main: the script of the suite, beside those that it includes.
        resources: the schemas of the suite; they are found by their place in it.
        test: the test to begin with, `{namespace}name`.
        folder: for what is made on the way; empty.
        arguments: of the test; `__` stands for a dot in their names.
    """
    base = folder / "te_base"
    shutil.copytree(resources, base / "resources")
    shutil.copytree(main.parent, base / "scripts")  # it runs none from elsewhere
    (base / "sessions").mkdir()
    sources = [f"-source={base / 'scripts' / main.name}", f"-source={_parsers(jars, base / 'scripts')}"]
    given = [f"@{name.replace('__', '.')}={value}" for name, value in arguments.items()]
    engine = [need("java"), f"-DTE_BASE={base}", "-cp", f"{jars}/*:{resources}", "com.occamlab.te.Test"]
    command = [
        *engine,
        "-mode=test",
        *sources,
        f"-test={test}",
        f"-logdir={base / 'sessions'}",
        "-session=s1",
    ]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False, timeout=240)
    told = done.stdout + done.stderr
    (folder / "log").write_text(told, encoding="utf-8")
    return dict(_VERDICT.findall(told))


def _parsers(jars: Path, folder: Path) -> Path:
    """The engine's own readers of answers, which its jar keeps where it does not look for them."""
    for jar in sorted(jars.glob("teamengine-*.jar")):
        with ZipFile(jar) as archive:
            if PARSERS in archive.namelist():
                return Path(archive.extract(PARSERS, folder))
    raise LookupError(f"{jars}: no jar has {PARSERS}")
