"""The floors of the house, read from the source: imports go down, modules stay small, names are explained."""

import ast
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "plugins" / "pcrs"
MODULES = sorted(PACKAGE.rglob("*.py"))
FLOORS = {
    "standard": 1,
    "raster": 2,
    "vector": 2,
    "archive": 2,
    "store": 2,
    "publish": 3,
    "work": 4,
    "serve": 5,
}
GROUND = {
    "errors": 0,
    "findings": 0,
    "files": 0,
    "blobs": 0,
    "garbage": 0,
    "aside": 0,
    "toml": 0,
    "__version__": 0,
}
LONGEST = 400


def place(module: str) -> tuple[int, str]:
    """Floor and sub-package of a dotted module of ours."""
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else ""
    if not name:
        return 0, "pcrs"
    return FLOORS.get(name, GROUND.get(name, 6)), name


def dotted(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in found if name == "pcrs" or name.startswith("pcrs.")]


def trespass(importer: str, imported: str) -> str | None:
    """Why one module of ours may not import another, or None."""
    floor, house = place(importer)
    other_floor, other_house = place(imported)
    if other_house == "pcrs" or house == other_house:
        return None
    if other_floor > floor:
        return f"{importer} (floor {floor}) imports {imported} above it (floor {other_floor})"
    if other_floor == floor and floor not in (0, 6):
        return f"{importer} imports its sibling {imported}"
    return None


@pytest.mark.parametrize("file", MODULES, ids=lambda f: dotted(f))
def test_imports_go_down(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    wrong = [trespass(dotted(file), name) for name in imports(tree)]
    assert [reason for reason in wrong if reason] == []


def test_the_rule_itself_refuses_what_it_must():
    assert trespass("pcrs.raster.qc", "pcrs.work.receive")
    assert trespass("pcrs.raster.qc", "pcrs.vector.gml")
    assert trespass("pcrs.standard.grid", "pcrs.settings")
    assert trespass("pcrs.work.receive", "pcrs.raster.qc") is None
    assert trespass("pcrs.raster.qc", "pcrs.raster.open") is None
    assert trespass("pcrs.app", "pcrs.settings") is None


@pytest.mark.parametrize("file", MODULES, ids=lambda f: dotted(f))
def test_a_module_is_one_idea(file):
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{file} has {lines} lines"
    assert file.stem not in ("utils", "helpers", "common", "misc")


@pytest.mark.parametrize("file", MODULES, ids=lambda f: dotted(f))
def test_below_the_fifth_floor_nothing_reads_environment_or_settings(file):
    floor, _ = place(dotted(file))
    if floor >= 6:
        return
    text = file.read_text(encoding="utf-8")
    assert "os.environ" not in text
    assert "getenv" not in text


def test_only_the_command_line_prints():
    for file in MODULES:
        if file.name == "cli.py":
            continue
        calls = [
            node
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ]
        assert not calls, f"{file} prints"


def test_the_top_level_is_what_the_architecture_fixes():
    fixed = {"pyproject.toml", "README.md", "LICENSE", "config", "plugins", "catalog", "tests", "docker"}
    here = {entry.name for entry in REPOSITORY.iterdir() if not entry.name.startswith(".")}
    assert fixed <= here
    made_by_tools = {"site", "dist", "build"}
    assert here - fixed <= made_by_tools


def test_the_wheel_carries_what_the_code_asks_for():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(carried) == {"config", "catalog"}
    for source, target in carried.items():
        assert (REPOSITORY / source).is_dir()
        assert target == f"pcrs/_shipped/{source}"
