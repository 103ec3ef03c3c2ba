"""Whatever a body holds, it is a search or it is refused in words."""

from hypothesis import given
from hypothesis import strategies as st

from pcrs.errors import InputError
from pcrs.serve.stac_query import MOST, PARAMETERS, from_address, from_body

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
GEOMETRIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "Polygon", "x"]), "coordinates": VALUES}
)
SAID = st.dictionaries(st.sampled_from(PARAMETERS), VALUES | GEOMETRIES, max_size=3)


def judged(read, said):
    try:
        search = read(said)
    except InputError:
        return
    assert 1 <= search.limit <= MOST


@given(SAID)
def test_bodies(said):
    judged(from_body, said)


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=30), max_size=3))
def test_addresses(params):
    judged(from_address, params)
