import re
import tomllib
from contextlib import closing

import pytest

from pcrs import settings, tables
from pcrs.assembly import features_of, init_site, records_of
from pcrs.errors import SettingsError
from pcrs.standard.names import DalleName
from pcrs.store.geopackage import GeoPackage
from pcrs.store.postgis import PostGis


def write(tmp_path, text):
    file = tmp_path / "pcrs.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_file_says_exactly_the_defaults():
    loaded = settings.load(settings.shipped("config/pcrs.toml"), {})
    assert loaded == settings.Settings()


def test_the_shipped_file_names_every_setting():
    text = settings.shipped("config/pcrs.toml").read_text(encoding="utf-8")
    told = tomllib.loads(re.sub(r"(?m)^# (?=\[\[|\[access\.oidc\]|\w+ = )", "", text))
    for name, field in settings.Settings.model_fields.items():
        if name == "harvest":
            assert set().union(*told[name]) == set(tables.HarvestTable.model_fields)
        else:
            assert set(told[name]) == set(field.annotation.model_fields), name
    assert set(told["access"]["oidc"]) == set(tables.OidcTable.model_fields)
    assert set(told["raster"]["names"][0]) == set(tables.NameTable.model_fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[serve]\nprot = 1\n", r"unknown setting serve\.prot\. Did you mean serve\.port\?"),
        ("[servre]\nport = 1\n", r"unknown setting servre\. Did you mean serve\?"),
        ("[serve]\nport = 99999\n", r"serve\.port = 99999"),
        ('[site]\ndepartement = "Lot"\n', r"site\.departement = 'Lot'"),
        ("[serve\n", "not TOML"),
        ('[serve]\npublic_url = "https://a.fr/"\n', "public_url"),
        (
            '[access]\nlayers = { AfleurantPCRS = "APLC" }\n',
            r"no layer 'AfleurantPCRS' to close\. Did you mean AffleurantPCRS\?",
        ),
        ('[access]\nlayers = { ortho = "partner" }\n', "role 'partner': expected one of public"),
        (
            '[[raster.names]]\ntemplate="{year}"\nsize_m=200\nunit_m=100\ndigits=5\n',
            r"name pattern '\{year\}'",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(tmp_path, text, message):
    with pytest.raises(SettingsError, match=message):
        settings.load(write(tmp_path, text), {})


def test_environment_overrides_and_its_misspellings_are_refused(tmp_path):
    file = write(tmp_path, "[serve]\nport = 9000\n")
    assert settings.load(file, {"PCRS_SERVE__PORT": "9001", "PCRS_SITE": "x"}).serve.port == 9001
    told = {"PCRS_SERVE__PROXIES": "127.0.0.1, 172.30.46.0/24"}
    assert settings.load(file, told).serve.proxies == ("127.0.0.1", "172.30.46.0/24")
    assert settings.load(file, {"PCRS_SERVE__PROXIES": ""}).serve.proxies == ()
    with pytest.raises(SettingsError, match="proxies"):
        settings.load(file, {"PCRS_SERVE__PROXIES": "nginx"})
    with pytest.raises(SettingsError, match=r"PCRS_SERVRE__PORT names no table\. Did you mean serve"):
        settings.load(file, {"PCRS_SERVRE__PORT": "1"})
    with pytest.raises(SettingsError, match=r"unknown setting serve\.prot"):
        settings.load(file, {"PCRS_SERVE__PROT": "1"})


def test_layers_are_closed_in_any_case(tmp_path):
    file = write(tmp_path, '[access]\nlayers = { Ortho = "APLC", archives = "technique" }\n')
    told = {"PCRS_ACCESS__LAYERS__AFFLEURANTPCRS": "partenaire"}
    rules = settings.load(file, told).access.rules
    assert {name: lowest.label for name, lowest in rules.layers.items()} == {
        "ortho": "APLC",
        "archives": "technique",
        "AffleurantPCRS": "partenaire",
    }


def test_a_producers_own_names_are_read(tmp_path):
    text = (
        '[[raster.names]]\ntemplate="HFP-{year}-{x}-{y}-LA93-0M05-RVB"\nsize_m=1000\nunit_m=1000\ndigits=4\n'
    )
    patterns = settings.load(write(tmp_path, text), {}).raster.patterns
    assert patterns[-1].parse("HFP-2022-0712-6930-LA93-0M05-RVB") == DalleName(2022, 712000, 6930000, 1000)
    assert patterns[-1].parse("2022-0712-6930-LA93-0M05-RVB") is None


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="pcrs init"):
        settings.load(tmp_path / "pcrs.toml", {})


def test_the_settings_choose_the_store_of_features(tmp_path, postgres):
    site = init_site(tmp_path / "site", "46")
    with closing(features_of(site, settings.load(site.settings_file, {}))) as store:
        assert isinstance(store, GeoPackage)
    url = postgres.url("chosen")
    with closing(
        features_of(site, settings.load(site.settings_file, {"PCRS_STORE__FEATURES": url}))
    ) as store:
        assert isinstance(store, PostGis)
        assert store.layers() == ()
    with pytest.raises(SettingsError, match=r"store\.features"):
        settings.load(site.settings_file, {"PCRS_STORE__FEATURES": "mysql://host/base"})


def test_the_settings_choose_the_store_of_records(tmp_path, postgres):
    site = init_site(tmp_path / "site", "46")
    own = records_of(site, settings.load(site.settings_file, {}))
    assert own.shown == str(site.root.resolve() / "stores" / "records.db")
    with postgres.schema() as url:
        features_of(site, settings.load(site.settings_file, {"PCRS_STORE__FEATURES": url})).close()
        beside = records_of(site, settings.load(site.settings_file, {"PCRS_STORE__RECORDS": url}))
        assert (beside.url, beside.identifiers()) == (url, ())
    with pytest.raises(SettingsError, match=r"store\.records"):
        settings.load(site.settings_file, {"PCRS_STORE__RECORDS": "mysql://host/base"})
