import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.raster.announced import announced_bytes, driver_of
from tests.dalles import make_dalle, small_name

FORMS = {
    "strips": {},
    "tiles": {"tiled": True, "compress": "deflate"},
    "planes": {"interleave": "band"},
    "big": {"BIGTIFF": "YES"},
    "motorola": {"ENDIANNESS": "BIG", "compress": "lzw"},
    "jp2": {"driver": "JP2OpenJPEG"},
    "j2k": {"driver": "JP2OpenJPEG"},
}


@pytest.fixture(scope="module", params=FORMS)
def whole(request, tmp_path_factory):
    return make_dalle(
        tmp_path_factory.mktemp("announced") / f"d.{request.param}", small_name(), **FORMS[request.param]
    )


def test_a_whole_file_has_what_it_announces(whole):
    assert announced_bytes(whole) == whole.stat().st_size


@given(share=st.floats(0.001, 0.9999))
def test_a_file_cut_anywhere_announces_more_than_it_has(whole, share):
    content = whole.read_bytes()
    cut = whole.with_suffix(".cut")
    cut.write_bytes(content[: max(12, int(len(content) * share))])
    assert announced_bytes(cut) > cut.stat().st_size


def test_a_jp2_cut_anywhere_before_its_image(tmp_path):
    content = make_dalle(tmp_path / "d.jp2", small_name(), driver="JP2OpenJPEG").read_bytes()
    cut = tmp_path / "cut.jp2"
    for length in range(12, content.index(b"jp2c") + 20):
        cut.write_bytes(content[:length])
        assert announced_bytes(cut) > length


@pytest.mark.parametrize(
    ("head", "driver"),
    [
        (b"II*\0" + b"\0" * 8, "GTiff"),
        (b"MM\0+" + b"\0" * 8, "GTiff"),
        (b"\xff\x4f\xff\x51" + b"\0" * 8, "JP2OpenJPEG"),
        (b"<VRTDataset ", None),
        (b"\x89PNG\r\n\x1a\n    ", None),
        (b"II*", None),
    ],
)
def test_two_formats_are_known_by_their_first_bytes(head, driver):
    assert driver_of(head) == driver


@given(garbage=st.binary(max_size=200))
def test_garbage_behind_a_tiff_header_is_measured_without_an_error(tmp_path_factory, garbage):
    path = tmp_path_factory.getbasetemp() / "garbage.tif"
    path.write_bytes(b"II*\0" + garbage)
    assert announced_bytes(path) >= 0
