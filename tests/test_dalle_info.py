import json

import pytest
from lxml import html

from pcrs.serve.context import Served
from pcrs.serve.dalle_info import WRITERS, facts_at
from tests.pyramids import X, Y
from tests.services.asking import PUBLIC
from tests.services.maps import map_site


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return map_site(tmp_path_factory.mktemp("info")).served


def test_a_point_has_the_dalle_under_it(served):
    facts = facts_at(served, None, X + 5, Y - 5)
    assert facts["dalle"] == "2024-first"
    assert facts["date_acquisition"] == "2024-06-30"
    assert facts["precision_libelle"] == "de 5 à 10 cm"
    assert facts["lien"] == f"{PUBLIC}/ogcapi/collections/dalles/items/2024-first"


def test_of_two_dalles_the_newer_one_shows(served):
    assert facts_at(served, None, X + 20, Y - 5)["edition"] == "2025"


def test_an_older_edition_has_its_own_dalle_and_leads_to_its_file(served):
    told = facts_at(served, "2024", X + 30, Y - 5)
    assert (told["dalle"], told["edition"]) == ("2024-again", "2024")
    assert told["lien"] == f"{PUBLIC}/listing/dalles/2024/2024-again.tif"
    assert facts_at(served, "2025", X + 30, Y - 5)["dalle"] == "2025-second"


@pytest.mark.parametrize("place", [(0.0, 0.0), (float("inf"), float("inf")), (float("nan"), 0.0)])
def test_elsewhere_there_is_nothing(served, place):
    assert facts_at(served, None, *place) is None


def test_facts_are_written_for_programs_and_for_people(served):
    facts = facts_at(served, None, X + 5, Y - 5) | {"fichier": "<b>&.tif"}
    written = {media_type: write(facts) for media_type, write in WRITERS.items()}
    feature = json.loads(written["application/json"])["features"][0]
    assert (feature["id"], feature["properties"]["edition"]) == ("2024-first", "2024")
    assert "Date d'acquisition : 2024-06-30\n" in written["text/plain"]
    page = html.fromstring(written["text/html"])
    assert page.xpath("//td[.='<b>&.tif']")
    assert page.xpath("//a/@href") == [facts["lien"]]


@pytest.mark.parametrize("media_type", list(WRITERS))
def test_nothing_is_said_too(media_type):
    told = WRITERS[media_type](None)
    assert ("Aucune dalle" in told) or json.loads(told)["features"] == []
