"""Records on disk in the order of a number, and lists laid aside: as if they had stayed in memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcrs.aside import Aside
from pcrs.vector import sorted_runs
from pcrs.vector.sorted_runs import SortedRuns

KEYS = st.one_of(st.integers(0, 30), st.integers(0, 2**64 - 1))


@pytest.fixture(autouse=True, scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_runs, "MOST", 16)
        patch.setattr(sorted_runs, "_FENCE", 4)
        yield


def runs_of(batches, most=None):
    made = SortedRuns([("at", "u4")], most)
    count = 0
    for keys in batches:
        made.add(np.array(keys, dtype=np.uint64), at=np.arange(count, count + len(keys)))
        count += len(keys)
    return made


def told(runs):
    return [pair for piece in runs.pieces() for pair in piece.tolist()]


@given(st.lists(st.lists(KEYS, max_size=40), max_size=12), st.sampled_from([1, 7, 1000]))
def test_records_come_in_order_and_equal_ones_as_they_came(batches, most):
    runs = runs_of(batches, most)
    keys = [key for batch in batches for key in batch]
    expected = sorted(((key, at) for at, key in enumerate(keys)), key=lambda pair: pair[0])
    assert told(runs) == expected
    assert told(runs.joined()) == expected
    assert told(runs) == expected, "a second time"


@given(st.lists(st.sets(KEYS, max_size=40), max_size=12), st.sets(KEYS, max_size=40), st.booleans())
def test_single_numbers_are_found_in_runs(batches, others, join):
    known: set[int] = set()
    new = [[key for key in batch if key not in known and not known.add(key)] for batch in batches]
    runs = runs_of(new, most=1)
    runs = runs.joined() if join else runs
    places = {key: at for at, key in enumerate(key for batch in new for key in batch)}
    sought = sorted(others | set(list(known)[::2]), key=hash)
    there, records = runs.find(np.array(sought, dtype=np.uint64))
    assert there.tolist() == [key in known for key in sought]
    assert [places[int(record["key"])] for record in records[there]] == records["at"][there].tolist()


def test_very_many_records_of_one_number_come_in_pieces():
    runs = runs_of([[7] * 50, [3, 9] * 5, [7] * 500], most=50)
    assert told(runs)[5:555] == [(7, at) for at in [*range(50), *range(60, 560)]]
    assert max(map(len, runs.pieces())) <= 40


def test_memory_does_not_grow_with_the_records(monkeypatch):
    monkeypatch.setattr(sorted_runs, "MOST", 2000)
    monkeypatch.setattr(sorted_runs, "_FENCE", 16)

    def peak(batches):
        tracemalloc.start()
        random = np.random.default_rng(1)
        runs = SortedRuns([("at", "u4")])
        for _ in range(batches):
            runs.add(random.integers(0, 2**64, 1000, dtype=np.uint64), at=0)
        assert sum(map(len, runs.pieces())) == batches * 1000
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(1)
    assert peak(200) - peak(50) < 500_000, "the records are 12 bytes each: 1.8 MB more"


def test_lists_laid_aside_come_back_and_more_may_come_meanwhile():
    aside = Aside()
    assert list(aside) == []
    aside.add(["é\n", 1, None, ["\udcff", 2]])
    aside.add([])
    seen = []
    for values in aside:
        seen.append(values)
        aside.add(["later"])
    assert seen == [["é\n", 1, None, ["\udcff", 2]], []]
    assert len(list(aside)) == 4
