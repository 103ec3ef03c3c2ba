import pytest

from pcrs.errors import InputError, SiteError
from pcrs.work.site import Site, create, edition_name


def test_a_new_site_has_its_tiers_and_is_made_once(tmp_path):
    site = create(tmp_path / "lot", "settings", "metadata")
    assert site.require() is site
    assert {p.name for p in site.root.iterdir()} == {
        "cold", "hot", "intermediate", "jobs", "stores", "pcrs.toml", "metadata.toml",
    }  # fmt: skip
    with pytest.raises(SiteError, match="site already"):
        create(tmp_path / "lot", "x", "y")
    with pytest.raises(SiteError, match="pcrs init"):
        Site(tmp_path).require()


def test_one_process_at_a_time_works_in_a_site(tmp_path):
    site = create(tmp_path / "lot", "", "")
    with site.working():
        with pytest.raises(SiteError, match="another pcrs is at work"), site.working():
            pass
    with site.working():
        pass


@pytest.mark.parametrize("text", ["", "../x", "a/b", ".hidden", "x" * 33, "é"])
def test_an_edition_that_cannot_name_a_folder_is_refused(text):
    with pytest.raises(InputError, match="edition"):
        edition_name(text)
