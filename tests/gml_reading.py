"""Reading a GML document of a test: its objects and its findings."""

import pytest

from pcrs.findings import Finding
from pcrs.standard.model import Feature
from pcrs.vector.gml import read
from tests.cnig import document, mur


@pytest.fixture
def read_bytes(tmp_path):
    def _read(content):
        path = tmp_path / "livraison.gml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return split(read(path))

    return _read


def split(items):
    items = list(items)
    return [i for i in items if isinstance(i, Feature)], [i for i in items if isinstance(i, Finding)]


TWO = document(mur("a"), mur("b"))
