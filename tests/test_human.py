"""metadata.toml: what it may hold, and how a fault in it is told."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pcrs.errors import InputError
from pcrs.publish.human import PLACEHOLDERS, Human, Organisation, load_human
from tests.catalogue import CATALOG, human

SHIPPED = CATALOG / "metadata.toml"


def edited(tmp_path, old, new):
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "metadata.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_the_shipped_file_is_complete_but_for_what_the_settings_say():
    made = human()
    assert made.organisation.name == "Territoire d'Énergie Lot"
    assert made.licence.url.startswith("https://www.etalab.gouv.fr/")
    with pytest.raises(InputError, match=r"organisation\.name"):
        load_human(SHIPPED)


def test_what_the_file_says_wins_over_the_settings(tmp_path):
    file = edited(tmp_path, 'email = ""', 'email = "sig@lot.example.fr"')
    assert human(file).organisation.email == "sig@lot.example.fr"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[series]\n", "[series]\ntitre = 'x'\n", "unknown key series.titre"),
        ('name = "Lot"', "", "territory.name"),
        ("du {territoire} (", "du {territory} (", "unknown placeholder {territory}"),
        ("du {territoire} (", "du {territoire (", "series.title"),
        ('"pcrs", "données', '"pcrs, lot", "données', "without a comma"),
        ('siren = ""', 'siren = "123456789"', "its key is wrong"),
        ('siren = ""', 'siren = "12"', "nine digits"),
        ('email = ""', 'email = "personne"', "organisation.email"),
        ('scope = "regional"', 'scope = "mondial"', "territory.scope"),
        ('thumbnail = ""', 'thumbnail = "vignette.png"', "series.thumbnail"),
        ("[organisation]", "[organisation", "is not TOML"),
        ("passed = true", 'passed = "peut-être"', "conformity.pcrs.passed"),
    ],
)
def test_a_fault_is_told_with_its_key(tmp_path, old, new, words):
    file = edited(tmp_path, old, new)
    with pytest.raises(InputError) as caught:
        human(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match=r"copy catalog/metadata\.toml there"):
        load_human(tmp_path / "metadata.toml")


def test_the_file_explains_every_placeholder():
    comments = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    for word in PLACEHOLDERS:
        assert any(f"{{{word}}}" in line for line in comments), word


def test_every_key_of_the_model_is_in_the_shipped_file():
    tables = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert set(tables) == set(Human.model_fields)
    assert set(tables["organisation"]) == set(Organisation.model_fields)


def test_a_file_without_archives_says_of_them_what_the_shipped_one_says(tmp_path):
    text = SHIPPED.read_text(encoding="utf-8")
    start, end = text.index("[archives]"), text.index("[services.view]")
    file = tmp_path / "metadata.toml"
    file.write_text(text[:start] + text[end:], encoding="utf-8")
    assert human(file).archives == human(SHIPPED).archives


@given(st.integers(0, 99_999_999))
def test_one_key_in_ten_makes_a_siren(number):
    adapter = TypeAdapter(Organisation)
    kept = []
    for key in range(10):
        siren = f"{number:08}{key}"
        try:
            adapter.validate_python({"name": "x", "email": "a@b.fr", "siren": siren})
        except ValidationError:
            continue
        kept.append(siren)
    assert len(kept) == 1


def test_a_siren_is_written_with_the_provider(tmp_path):
    file = edited(tmp_path, 'siren = ""', 'siren = "732 829 320"')
    assert human(file).organisation.provider == "Territoire d'Énergie Lot - SIREN 732829320"
