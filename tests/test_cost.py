"""Cost reports against cases computed by hand, on two price lists."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from typer.testing import CliRunner

from pcrs.cli import app
from pcrs.errors import InputError
from pcrs.publish.cost.page import render
from pcrs.publish.cost.prices import load_prices
from pcrs.publish.cost.result import Acquisition, Activity, Contribution, Held
from pcrs.publish.cost.table import as_csv, document
from pcrs.settings import shipped
from pcrs.work.cost import Assumptions, Ground, cost
from tests.dalles import hm_name, make_dalle
from tests.sites import new_site, take

DAY = date(2026, 11, 28)
HELD = (
    Held("courant", "courant", "2025", "vol", 1_000 * 10**9, 5517),
    Held("intermédiaire", "intermédiaire", "2025", "vol", 6_000 * 10**9, 5517),
    Held("définitif", "bande", "2025", "vol", 100_000 * 10**9, 40_000),
    Held("définitif", "nas", "2025", "vol", 6_000 * 10**9, 5517),
)
ASSUMED = Assumptions(
    classes={"courant": "vm", "intermédiaire": "standard", "bande": "cold", "nas": "nas"},
    growth=Decimal("0.1"),
    activity=Activity(reads=1_000_000, egress=500 * 10**9, restored=200 * 10**9),
    acquisitions=(Acquisition("Vol 2025", Decimal(600_000), date(2025, 4, 1), 5),),
    contributions=(
        Contribution("Enedis", Decimal(40_000), 2025, yearly=True),
        Contribution("Région", Decimal(10_000), 2026),
    ),
)
GROUND = Ground(5000.0, (("46042", "Cahors", 50.0), ("46127", "Gourdon", 450.0)))


def report(prices):
    return cost(
        "PCRS du Lot", DAY, HELD, load_prices(shipped(f"catalog/prices/{prices}.toml")), ASSUMED, GROUND
    )


def test_a_month_and_six_years_at_ovh_by_hand():
    """1 To at 6.90, 6 To at 7 and 100 To at 1.30 € a To; restores at 15 € a To."""
    found = report("ovh-2023")
    assert [line.euros for line in found.lines] == [Decimal("6.9"), Decimal(42), Decimal(130), Decimal(0)]
    assert (found.reads, found.egress, found.restored) == (0, 0, 3)
    assert found.month == Decimal("181.9")
    years = found.years
    assert [year.year for year in years] == [2026, 2027, 2028, 2029, 2030, 2031]
    assert years[0].storage == Decimal("2146.8")  # 178.9 x 12
    assert years[0].activity == 36
    assert years[1].storage == Decimal("2361.48")
    assert years[1].octets == 124_300 * 10**9
    # 600 000 over 60 months from April 2025: 10 000 a month, 12 months a year, 3 in 2030, none after
    assert [year.acquisition for year in years] == [120_000, 120_000, 120_000, 120_000, 30_000, 0]
    assert [year.contributions for year in years] == [50_000, 40_000, 40_000, 40_000, 40_000, 40_000]
    assert years[0].total == Decimal("122182.8")
    assert years[0].rest == Decimal("72182.8")
    assert found.per_km2 == Decimal("24.43656")
    assert [(share.code, share.euros) for share in found.communes] == [
        ("46042", Decimal("1221.828")),
        ("46127", Decimal("10996.452")),
    ]


def test_a_month_at_amazon_by_hand():
    """Dollars at 0.92 €, gigabytes of 2³⁰ bytes: 68.545 + 118.241 + 84.825, out 38.557, back 18.850."""
    found = report("aws-2024")
    gib = Decimal(2**30)
    expected = [
        Decimal(10**12) * Decimal("0.08") * Decimal("0.92") / gib,
        Decimal(6 * 10**12) * Decimal("0.023") * Decimal("0.92") / gib,
        Decimal(100 * 10**12) * Decimal("0.00099") * Decimal("0.92") / gib,
        Decimal(0),
    ]
    for line, euros in zip(found.lines, expected, strict=True):
        assert abs(line.euros - euros) < Decimal("1e-15")
    assert found.reads == 0
    assert abs(found.restored - Decimal(200 * 10**9) * Decimal("0.11") * Decimal("0.92") / gib) < Decimal(
        "1e-15"
    )
    assert round(found.month, 2) == Decimal("329.02")


@given(st.integers(1, 12), st.integers(1, 20), st.decimals(0, 10**7, places=2))
def test_an_acquisition_is_spread_whole(month, years, euros):
    one = Acquisition("x", euros, date(2025, month, 1), years)
    assert abs(sum(one.in_year(year) for year in range(2020, 2050)) - euros) < Decimal("1e-15")


def test_the_page_and_the_table_tell_the_same_figures():
    found = report("ovh-2023")
    page = html.fromstring(render(found))
    assert "181,90" in page.find_class("seal")[0].text_content()
    rects = page.xpath("//svg//rect")
    assert len(rects) == 18
    assert page.xpath("//svg/@aria-label") == ["Coût par année, de 2026 à 2031"]
    assert not page.xpath("//script | //link | //img[starts-with(@src, 'http')]")
    rows = list(csv.reader(io.StringIO(as_csv(found).removeprefix("﻿")), delimiter=";"))
    assert ["Total", "", "", "", "", "113000,000", "181,90"] in rows
    told = document(found)
    assert json.loads(json.dumps(told))["euros_per_month"] == 181.9
    assert told["years"][0]["rest"] == 72182.8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x", "not TOML"),
        ('title = "x"', "is missing"),
        (
            'title="x"\nsource="x"\ndate="2023-01-01"\ncurrency="EUR"\neuros="1"\ngigabyte=1\n[classes.a]\n',
            "storage",
        ),
        (
            'title="x"\nsource="x"\ndate="2023-01-01"\ncurrency="EUR"\neuros="1"\ngigabyte=1\n'
            '[classes.a]\nstorage="-1"\n',
            "no price",
        ),
        (
            'title="x"\nsource="x"\ndate="2023-01-01"\ncurrency="EUR"\neuros="1"\ngigabyte=1\n'
            '[classes.a]\nstorage="1"\negres="1"\n',
            "unknown: egres",
        ),
        ('title="x"\nsource="x"\ndate="hier"\ncurrency="EUR"\neuros="1"\ngigabyte=1\n[classes]\n', "hier"),
    ],
)
def test_a_list_that_is_wrong_says_what(tmp_path, text, told):
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        load_prices(file)


def test_a_class_that_a_list_lacks():
    with pytest.raises(InputError, match="has no class 'gold': it has vm"):
        load_prices(shipped("catalog/prices/ovh-2023.toml")).of("gold")


def test_the_command(tmp_path):
    name = hm_name()
    make_dalle(
        tmp_path / "depot" / "2025-05760-63730-LA93-0M05-RVB.tif", name, compress="deflate", tiled=True
    )
    site = new_site(tmp_path / "site")
    take(site, tmp_path / "depot")
    page, table = tmp_path / "cout.html", tmp_path / "cout.csv"
    arguments = ["cost", "--site", str(site.root), "--report", str(page), "--csv", str(table), "--json"]
    told = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    hot, master = (line["bytes"] for line in told["lines"])
    assert told["bytes"] == hot + master
    assert hot == sum(file.stat().st_size for file in (site.root / "hot" / "dalles").rglob("*.tif"))
    assert told["km2"] == 0.04
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert table.read_bytes().startswith("﻿".encode())
    plain = CliRunner().invoke(app, ["cost", "--site", str(site.root), "--prices", "aws-2024"])
    assert "Amazon" in plain.stdout
