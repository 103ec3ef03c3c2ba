"""Long documents: true lines, and memory that does not grow with them."""

import subprocess
import sys
import tracemalloc

from pcrs.standard.model import Feature
from pcrs.vector.gml import read
from tests.cnig import document, mur
from tests.gml_reading import read_bytes as read_bytes


def test_lines_are_true_beyond_the_first_65535(read_bytes):
    text = document(mur("a")).replace("<featureMember>", "\n" * 70_000 + "<featureMember>")
    text = text.replace("01</typeMur>", "77</typeMur>")
    _, (finding,) = read_bytes(text)
    assert finding.line == 70_004


def many(path, count):
    """A document of `count` objects, each with a link to the one before."""
    with path.open("w", encoding="utf-8") as out:
        start, end = document("@").split("@")
        out.write(start)
        between = "\n</featureMember>\n<featureMember>\n"
        symbol = '<symbole xlink:href="#s{}"/>'
        out.write(
            between.join(
                mur(f"s{number}", symbol.format(max(0, number - 1)), theme="02").replace(
                    "MurPCRS", "SeuilPCRS"
                )
                for number in range(count)
            )
        )
        out.write(end)
    return path


def test_memory_stays_flat_with_the_size_of_the_file(tmp_path):
    def peak(count):
        path = many(tmp_path / f"{count}.gml", count)
        tracemalloc.start()
        assert sum(1 for item in read(path) if isinstance(item, Feature)) == count
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(200)
    small, large = peak(500), peak(5_000)
    assert large - small < 4_500 * 150, "more is held for each object than the fingerprints of its ids"
    assert large < 6 * small


RESIDENT = """
import resource, sys
from pathlib import Path
from pcrs.vector.gml import read
def run(path):
    for _ in read(Path(path)):
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(run(sys.argv[1]), run(sys.argv[2]))
"""


def test_the_tree_of_the_document_is_freed_as_it_is_read(tmp_path):
    small, large = many(tmp_path / "small.gml", 2_000), many(tmp_path / "large.gml", 20_000)
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT, str(small), str(large)], capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    growth = (after - before) * 1024
    assert growth < large.stat().st_size / 3, "libxml2 keeps what has been read"
