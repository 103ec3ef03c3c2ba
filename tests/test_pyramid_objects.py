"""Pyramids in a bucket of a real S3 server: the contract, and the objects as ROK4 wants them."""

import json
from collections import Counter

import pytest

from pcrs.blobs import Blobs
from pcrs.errors import ConflictError, StoreError
from pcrs.raster.pyramid_objects import SWITCH, ObjectPyramid
from pcrs.raster.pyramids import Waiting
from pcrs.raster.pyramids_objects import ObjectPyramids
from pcrs.raster.rok4 import place_slab
from pcrs.standard.grid import Tile
from tests.contracts.pyramids_contract import BESIDE, LIMITS, SLAB, TILE, PyramidsContract, word, words


class TestObjectPyramids(PyramidsContract):
    @pytest.fixture
    def pyramids(self, bucket):
        return ObjectPyramids(bucket)

    @pytest.fixture
    def listed(self, bucket):
        return lambda name: bucket.read(f"{name}.list").data


class Counted:
    """Blobs whose calls are counted, and of which one can be made to fail."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.calls: Counter[str] = Counter()
        self.fails_at = ("", 0)

    def __getattr__(self, name: str):
        found = getattr(self._blobs, name)
        if not callable(found):
            return found

        def counted(*args, **how):
            self.calls[name] += 1
            if (name, self.calls[name]) == self.fails_at:
                raise StoreError("the network is gone")
            return found(*args, **how)

        return counted


def waiting(tmp_path, name: str, **versions: str) -> Waiting:
    """Slabs that wait: `first` for SLAB, `second` for the one beside it."""
    aside = tmp_path / "aside" / name
    slabs = {"first": SLAB, "second": BESIDE}
    for place, version in versions.items():
        place_slab(aside, slabs[place], words(version))
    return Waiting(name, aside, tuple((slabs[place], ("DATA",)) for place in versions))


def content(blobs: Blobs) -> dict[str, bytes]:
    return {one.key: blobs.read(one.key).data for one in blobs.list()}


def test_objects_have_rok4s_names_and_forms(bucket, tmp_path):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P_2024", None)
    pyramids.switch([waiting(tmp_path, "P_2024", first="a", second="b")], {"P_2024": LIMITS})
    pyramids.found("P_2025", "P_2024")
    pyramids.switch([waiting(tmp_path, "P_2025", second="c")], {"P_2025": LIMITS})
    for name in ("P_2024", "P_2025"):
        pyramids.write_list(name)
    found = content(bucket)
    home = bucket.url.removeprefix("s3://")
    assert found["P_2025/DATA_15_25_195"] == f"SYMLINK#{home}/P_2024/DATA_15_25_195".encode()
    assert found["P_2025/DATA_15_26_195"] == words("c").data
    told = json.loads(found["P_2025.json"])["levels"][1]["storage"]
    prefix = home.partition("/")[2]
    assert told == {
        "type": "S3",
        "image_prefix": f"{prefix}/P_2025/DATA_15",
        "mask_prefix": f"{prefix}/P_2025/MASK_15",
        "bucket_name": "pcrs",
    }
    assert found["P_2025.list"].decode().splitlines() == [
        f"0={home}/P_2025",
        f"1={home}/P_2024",
        "#",
        "1/DATA_15_25_195",
        "0/DATA_15_26_195",
    ]


def test_a_tile_is_one_request_once_its_index_is_known(bucket, tmp_path):
    ObjectPyramids(bucket).found("P", None)
    ObjectPyramids(bucket).switch([waiting(tmp_path, "P", first="a")], {"P": LIMITS})
    counted = Counted(bucket)
    pyramid = ObjectPyramid(counted, "P", clock=lambda: 0.0)
    pyramid.tile(TILE)
    before = counted.calls.total()
    for col in range(16):
        assert pyramid.tile(Tile(15, 400 + col, 3120)) == word(col, "a")
    assert counted.calls.total() == before + 16
    assert pyramid.tile(Tile(15, 416, 3120)) is None
    assert pyramid.tile(Tile(15, 417, 3120)) is None
    assert counted.calls.total() == before + 17


def test_a_slab_that_was_replaced_is_known_by_its_tag_before_any_check_is_due(bucket, tmp_path):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P", None)
    pyramids.switch([waiting(tmp_path, "P", first="a")], {"P": LIMITS})
    pyramid = ObjectPyramid(bucket, "P", clock=lambda: 0.0)
    assert pyramid.tile(TILE) == word(238, "a")
    pyramids.switch([waiting(tmp_path, "P", first="longer")], {"P": LIMITS})
    assert pyramid.tile(TILE) == word(238, "longer")


def test_indexes_are_bounded(bucket, tmp_path):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P", None)
    pyramids.switch([waiting(tmp_path, "P", first="a", second="b")], {"P": LIMITS})
    pyramid = ObjectPyramid(bucket, "P", indexes=1)
    for _ in range(2):
        assert pyramid.tile(TILE) == word(238, "a")
        assert pyramid.tile(Tile(15, 416, 3120)) == word(0, "b")
        assert len(pyramid._slabs) == 1


@pytest.mark.parametrize(
    ("call", "number"), [("put", 2), ("put", 3), ("copy", 1), ("copy", 2), ("put", 4), ("put", 5)]
)
def test_a_switch_that_is_cut_off_anywhere_is_done_by_the_same_call(bucket, tmp_path, call, number):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P", None)
    pyramids.switch([waiting(tmp_path, "P", first="a", second="a")], {"P": LIMITS})
    counted = Counted(bucket)
    counted.fails_at = (call, number)
    new = waiting(tmp_path, "P", first="new", second="new")
    with pytest.raises(StoreError, match="network"):
        ObjectPyramids(counted).switch([new], {"P": LIMITS})
    pyramids.switch([new], {"P": LIMITS})
    reader = pyramids.open("P")
    assert reader.steady(lambda: reader.tile(TILE)) == word(238, "new")
    assert {key for key in content(bucket) if "/" in key} == {"P/DATA_15_25_195", "P/DATA_15_26_195"}
    assert content(bucket)["P/DATA_15_26_195"] == words("new").data
    assert bucket.read(SWITCH).data.startswith(b"steady")


def test_two_who_switch_at_once_are_told(bucket):
    class Hurried(Counted):
        def read(self, key, *args, **how):
            found = self._blobs.read(key, *args, **how)
            if key == SWITCH:
                self._blobs.put(SWITCH, b"steady 7\n")
            return found

    with pytest.raises(ConflictError):
        ObjectPyramids(Hurried(bucket)).switch([], {})


def test_a_slab_that_is_cut_short_is_told(bucket, tmp_path):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P", None)
    pyramids.switch([waiting(tmp_path, "P", first="a")], {"P": LIMITS})
    whole = bucket.read("P/DATA_15_25_195").data
    for length, said in ((100, "index"), (4096 + 10, "tile 238")):
        bucket.put("P/DATA_15_25_195", whole[:length])
        with pytest.raises(StoreError, match=rf"DATA_15_25_195.*{said}"):
            ObjectPyramid(bucket, "P").tile(TILE)


def test_a_link_that_leads_out_is_refused(bucket, tmp_path):
    pyramids = ObjectPyramids(bucket)
    pyramids.found("P", None)
    pyramids.switch([], {"P": LIMITS})
    bucket.put("P/DATA_15_25_195", b"SYMLINK#other/P/DATA_15_25_195")
    with pytest.raises(StoreError, match="outside"):
        ObjectPyramid(bucket, "P").tile(TILE)
