"""Pyramids in a folder: the contract. `test_pyramid`, `test_rok4` and `test_switch` tell of the files."""

import pytest

from pcrs.raster.pyramid_files import FilePyramids
from tests.contracts.pyramids_contract import PyramidsContract


class TestFilePyramids(PyramidsContract):
    @pytest.fixture
    def pyramids(self, tmp_path):
        return FilePyramids(tmp_path / "pyramids")

    @pytest.fixture
    def listed(self, pyramids):
        return lambda name: (pyramids.folder / f"{name}.list").read_bytes()
