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

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.clients.conftest import need

SCRIPTS = "com/occamlab/te/scripts/"
_VERDICT = re.compile(r"^\s*Test (\S+) (Passed|Failed|Skipped|Warning|Not Tested|Continue)\b", re.MULTILINE)


def run_ctl(
    jars: Path,
    main: Path,
    resources: Path,
    test: str,
    folder: Path,
    *,
    patience_s: float = 240,
    **arguments: str,
) -> dict[str, str]:
    """Verdicts by the names of tests, those within tests too.

    Args:
        jars: a folder with the engine and its libraries.
        main: the script of the suite, beside those that it includes.
        resources: the schemas of the suite; they are found by their place in it.
        test: the test to begin with, `{namespace}name`.
        folder: for what is made on the way; empty.
        patience_s: how long it may take.
        arguments: of the test; `__` stands for a dot in their names.
    """
    base = folder / "te_base"
    shutil.copytree(resources, base / "resources")
    shutil.copytree(main.parent, base / "scripts")  # it runs none from elsewhere
    (base / "sessions").mkdir()
    scripts = [base / "scripts" / main.name, *_of_the_engine(jars, base / "scripts")]
    sources = [f"-source={script}" for script in scripts]
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
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False, timeout=patience_s)
    told = done.stdout + done.stderr
    (folder / "log").write_text(told, encoding="utf-8")
    return dict(_VERDICT.findall(told))


def _of_the_engine(jars: Path, folder: Path) -> list[Path]:
    """The engine's own readers of answers and functions, which its jars keep where it does not look."""
    found = []
    for jar in sorted(jars.glob("teamengine-*.jar")):
        with ZipFile(jar) as archive:
            names = (
                name for name in archive.namelist() if name.startswith(SCRIPTS) and name.endswith(".ctl")
            )
            found += [Path(archive.extract(name, folder)) for name in names]
    if not found:
        raise LookupError(f"{jars}: no jar has {SCRIPTS}")
    return found


def as_nginx_writes(app: ASGIApp) -> ASGIApp:
    """The application with `Content-Type` for `content-type`."""

    async def written(scope: Scope, receive: Receive, send: Send) -> None:
        async def _send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [(name.title(), value) for name, value in message["headers"]]
            await send(message)

        await app(scope, receive, _send)

    return written
