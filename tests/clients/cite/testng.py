"""OGC's conformance tests in TestNG, compiled of a checkout and run without TEAM Engine.

The suites are on no registry; what they need is on Maven Central (TestNG, hamcrest, openapi-parser of kaizen,
REST-assured, JTS, PROJ4J, Jersey: `mvn dependency:copy-dependencies`), in one folder of jars, a judge.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tests.clients.conftest import need
from tests.clients.judges import judge

_OF_THE_ENGINE = ("TestNGController", "CommandLineArguments", "TestRunListener")


@dataclass(frozen=True)
class Suite:
    """A compiled suite."""

    classpath: str
    template: Path
    """Its `testng.xml`."""

    @classmethod
    def compiled(
        cls, name: str, package: str, folder: Path, instead: Mapping[str, str] | None = None
    ) -> "Suite":
        """The suite of that checkout, its classes in `folder`; `package` with slashes.

        `instead` of addresses out of reach: where a copy of what lies there is.
        """
        source, jars = judge(name) / "src" / "main", judge(f"{name}-jars")
        sources = shutil.copytree(source / "java", folder / "java")
        files = [file for file in sources.rglob("*.java") if file.stem not in _OF_THE_ENGINE]
        for file in files if instead else []:
            text = file.read_text(encoding="utf-8")
            for there, here in instead.items():
                text = text.replace(there, here)
            file.write_text(text, encoding="utf-8")
        command = [need("javac"), "-nowarn", "-encoding", "utf-8", "-d", str(folder), "-cp", f"{jars}/*"]
        command += map(str, files)
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        return cls(f"{folder}:{source / 'resources'}:{jars}/*", source / "resources" / package / "testng.xml")

    def verdicts(self, folder: Path, **parameters: str) -> dict[tuple[str, str], str]:
        """By class and method: the worst verdict of its runs, and why; `parameters` of the suite."""
        document = etree.parse(self.template, etree.XMLParser(load_dtd=False))
        root = document.getroot()
        for parameter in root.findall("parameter"):
            root.remove(parameter)
        for name, value in parameters.items():
            root.insert(0, etree.Element("parameter", name=name, value=value))
        for listener in root.findall("listeners/listener"):
            if "TestRunListener" in listener.get("class-name"):
                listener.getparent().remove(listener)
        asked = folder / "testng.xml"
        asked.write_bytes(etree.tostring(root))  # without the DOCTYPE, which leads to the network
        given = ["-d", str(folder / "out"), str(asked)]
        command = [need("java"), "-cp", self.classpath, "org.testng.TestNG", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=480, cwd=folder)
        results = folder / "out" / "testng-results.xml"
        assert results.exists(), done.stdout + done.stderr
        found: dict[tuple[str, str], str] = {}
        for class_ in etree.parse(results).iter("class"):
            for method in class_.iterfind("test-method"):
                if method.get("is-config") == "true":
                    continue
                key = (class_.get("name").rpartition(".")[2], method.get("name"))
                why = (method.findtext("exception/message") or "").strip()
                if method.get("status") != "PASS" or key not in found:
                    found[key] = f"{method.get('status')} {why}".strip()
        return found
