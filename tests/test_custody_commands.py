"""What the commands of custody say: of nothing, of too much, of options that do not go together."""

import json

import pytest
from typer.testing import CliRunner

from pcrs.cli import app
from tests.archives import CHANTIER, make_sip, two_folders


def said(code, *words):
    """What a command prints, when it ends with that code."""
    found = CliRunner().invoke(app, [str(word) for word in words])
    error = str(found.exception) if found.exception and not isinstance(found.exception, SystemExit) else ""
    if not error:
        assert found.exit_code == code, found.output
    return found.output + error


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A site with two folders, and a folder to archive."""
    root = tmp_path_factory.mktemp("commands")
    return two_folders(root), make_sip(root / "sip", cliches=2)


def test_from_nothing_to_all_objects_named(place):
    site, sip = place
    assert "aucun objet d'archive : `pcrs archive`" in said(0, "copies", "--site", site.root)
    told = said(0, "archive", sip, "--site", site.root, "--chantier", CHANTIER)
    assert "17\u00a0objets, 1,08\u202fMo, 1\u00a0paquet" in told
    again = said(0, "archive", sip, "--site", site.root, "--chantier", CHANTIER)
    assert "tout est déjà en paquets" in again
    lines = said(0, "copies", "--objects", "--site", site.root).splitlines()
    assert len(lines) == 17
    assert all(f" {CHANTIER} / " in line for line in lines)
    (one,) = said(0, "copies", "--objects", "--kind", "nuage", "--json", "--site", site.root).splitlines()
    assert json.loads(one)["name"] == "lidar/0576_6373.laz"
    assert "1\u00a0objet, 1,05\u202fMo : 0,00 € hors taxes" in said(
        0, "order", "estimate", json.loads(one)["id"][:8], "--site", site.root
    )
    assert "rien n'était à relire ; --all" in said(0, "verify", "--site", site.root)
    assert "34\u00a0copies relues" in said(0, "verify", "--all", "--site", site.root)
    assert "rien à rendre" in said(0, "order", "run", "--site", site.root)
    assert "aucune règle : [[archive.rules]]" in said(0, "archive", "--lifecycle", "--site", site.root)


def test_what_was_read_is_told_even_when_the_records_cannot_be_made(place):
    site, _ = place
    text = site.metadata_file.read_text(encoding="utf-8")
    site.metadata_file.write_text("[organisation", encoding="utf-8")
    told = said(2, "verify", "--all", "--site", site.root)
    site.metadata_file.write_text(text, encoding="utf-8")
    assert "34\u00a0copies relues" in told
    assert "metadata.toml is not TOML" in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("archive", "--apply"), "--apply goes with --lifecycle"),
        (("archive", "x", "--lifecycle"), "--lifecycle takes no path (x)"),
        (("copies", "--kind", "nuage"), "--kind go with --objects"),
        (("copies", "--object", "zz"), "`pcrs copies --objects` names all"),
        (("order", "estimate", "--kind", "nuages"), "the archive has no object of kind 'nuages'"),
        (("order", "estimate"), "`pcrs copies --objects` names them"),
    ],
)
def test_what_makes_no_sense_is_said(place, words, expected):
    site, _ = place
    assert expected in said(2, *words, "--site", site.root)
