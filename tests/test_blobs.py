from pathlib import Path

import pytest

from pcrs.blobs import Bucket, locate
from pcrs.errors import InputError


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://pcrs-46", Bucket("pcrs-46", "", "http://e", "gra")),
        ("s3://pcrs-46/", Bucket("pcrs-46", "", "http://e", "gra")),
        ("s3://pcrs-46/a/b/", Bucket("pcrs-46", "a/b/", "http://e", "gra")),
        ("/srv/pcrs", Path("/srv/pcrs")),
        ("pcrs", Path("pcrs")),
        ("file:///srv/pcrs", Path("/srv/pcrs")),
    ],
)
def test_where_a_url_leads(url, place):
    assert locate(url, endpoint="http://e", region="gra") == place


@pytest.mark.parametrize(
    "url", ["", "s3://", "s3:///a", "s3://b/a/../c", "s3://b/a?x=1", "ftp://h/a", "file://h/a"]
)
def test_what_is_no_place(url):
    with pytest.raises(InputError):
        locate(url)
