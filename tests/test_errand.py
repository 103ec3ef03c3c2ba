"""Long work that a page begins: it outlives who began it, is told apart, and goes on after a kill."""

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from pcrs import errand as module
from pcrs.errand import Errand
from pcrs.errors import ConflictError
from pcrs.store.index import Index
from tests.browser import until
from tests.cnig import document, mur
from tests.sites import new_site, take


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("errand")
    (folder / "depot").mkdir()
    (folder / "depot" / "lot.gml").write_text(document(mur()), encoding="utf-8")
    site = new_site(folder / "site")
    delivery, _ = take(site, folder / "depot", accept=False)
    return site, delivery.id


def state_of(site, delivery):
    with closing(Index(site.index_file)) as index:
        return index.delivery(delivery).state


def test_an_acceptance_that_is_killed_is_begun_again(made):
    site, delivery = made
    one = Errand(site, "acceptation", delivery)
    assert one.state() == ("jamais", "")
    with site.working():
        one.begin()
        assert one.state() == ("en cours", "")
        with pytest.raises(ConflictError):
            one.begin()
        (process,) = module._begun[-1:]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: one.state() == ("interrompu", ""))
        one.begin()
        until(lambda: one.state()[0] == "échec", 120)
        assert "another pcrs is at work" in one.state()[1]
    one.begin()
    until(lambda: one.state()[0] == "fait", 120)
    assert state_of(site, delivery) == "publiée"
    module._begun[-1].wait()


def test_a_report_of_what_is_gone_says_so(made, tmp_path):
    site, delivery = made
    report = Errand(site, "rapport", delivery)
    with closing(Index(site.index_file)) as index:
        folder = Path(index.delivery(delivery).path)
    away = folder.rename(folder.with_name("away"))
    try:
        report.begin()
        until(lambda: report.state()[0] == "échec", 120)
        assert str(folder) in report.state()[1]
        assert not report.report.exists()
    finally:
        away.rename(folder)
        module._begun[-1].wait()
    report.begin()
    until(lambda: report.state()[0] == "fait", 120)
    assert "<h1" in report.report.read_text(encoding="utf-8")
    assert folder.name in report.report.read_text(encoding="utf-8")
    module._begun[-1].wait()
