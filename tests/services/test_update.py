"""A patch is accepted while the site is served and read: a `pcrs serve` and a `pcrs receive`."""

import asyncio
import contextlib
import itertools
import shutil
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer

from pcrs.standard.names import format_name
from pcrs.work.site import Site
from tests.dalles import ground_pixels, hm_name, make_dalle
from tests.patience import PATIENCE_S
from tests.serving import end, serving, start
from tests.sites import new_site, take

WEST, NORTH = 576_000, 6_373_000
LAYER = "PCRS_D046_RVB"
SEEN_WITHIN_S = 5.0
"""After the end of `pcrs receive --accept`: the longest that anybody sees the old state."""
MAPS, COVERAGES, TILES = 20, 10, 170
"""Readers that ask at the same time, each again and again."""
Box = tuple[int, int, int, int]
PATCH: Box = (WEST + 100, NORTH - 200, WEST + 300, NORTH)
"""Over the halves of both dalles of the site, EPSG:2154."""
SHOWN: Box = (WEST + 150, NORTH - 60, WEST + 163, NORTH - 47)
"""Within the patch, where it has data."""
HOLE: Box = (WEST + 160, NORTH - 140, WEST + 173, NORTH - 127)
"""Within the patch, where it has none: the older dalle shows through."""
ASIDE: Box = (WEST + 350, NORTH - 60, WEST + 363, NORTH - 47)
"""Far from the patch: in no slab that it touches."""


def patch_pixels(x_m: float, y_m: float, width: int, height: int) -> np.ndarray:
    return ground_pixels(x_m, y_m, width, height, seed=7) // 3


def valid_in_patch() -> np.ndarray:
    valid = np.ones((4000, 4000), bool)
    valid[2400:3000, 1000:1800] = False
    return valid


def tile_over(box: Box, level: int = 22) -> tuple[int, int]:
    """Column and row of the tile in the middle of a box."""
    side_mm = 12_800 << (22 - level)
    return 500 * (box[0] + box[2]) // side_mm, (12_000_000_000 - 500 * (box[1] + box[3])) // side_mm


def wmts(layer: str, box: Box, level: int = 22) -> str:
    col, row = tile_over(box, level)
    return f"/wmts/{layer}/2154_5cm/{level}/{col}/{row}.jpeg"


def pm(layer: str, box: Box) -> str:
    """The tile of level 20 of PM in the middle of a box."""
    to_pm = Transformer.from_crs(2154, 3857, always_xy=True)
    x, y = to_pm.transform((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    half = 20_037_508.342789244
    side = 2 * half / 2**20
    return f"/wmts/{layer}/PM/20/{int((x + half) // side)}/{int((half - y) // side)}.jpeg"


def wms(layer: str, box: Box) -> str:
    return (
        f"/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layer}&STYLES=&CRS=EPSG:2154"
        f"&BBOX={','.join(map(str, box))}&WIDTH=260&HEIGHT=260&FORMAT=image/png"
    )


def coverage(box: Box, rest: str = "") -> str:
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    return f"/ogcapi/collections/ortho/coverage?f=png&bbox={','.join(map(str, box))}&bbox-crs={crs}{rest}"


def listing(edition: str) -> str:
    return f"/listing/dalles/{edition}/"


DALLES = "/ogcapi/collections/dalles/items?f=json&limit=100"
CHANGING = [
    wmts(LAYER, SHOWN),
    wmts(LAYER, SHOWN, 19),
    wmts(LAYER, SHOWN, 6),
    pm(LAYER, SHOWN),
    wms(LAYER, SHOWN),
    wms(LAYER, PATCH),
    coverage(SHOWN),
    coverage(PATCH, "&scale-factor=10"),
    DALLES,
]
STAYING = [wmts(LAYER, ASIDE), wms(LAYER, ASIDE), coverage(ASIDE), pm(LAYER, ASIDE), wmts(LAYER, HOLE)]
OLD_EDITION = [wmts(f"{LAYER}_2025", SHOWN), pm(f"{LAYER}_2025", SHOWN), wms(f"{LAYER}_2025", PATCH)]


def slabs_under_patch() -> set[tuple[int, int, int]]:
    """Level, column and row of every slab that the patch touches: whole millimetres, nothing of pcrs."""
    west, south, east, north = (1000 * edge for edge in PATCH)
    found = set()
    for level in range(6, 23):
        side = 16 * 12_800 << (22 - level)
        cols = range(west // side, -(-east // side))
        rows = range((12_000_000_000 - north) // side, -(-(12_000_000_000 - south) // side))
        found |= {(level, col, row) for col, row in itertools.product(cols, rows)}
    return found


def slab_in(file: str) -> tuple[int, int, int]:
    """Level, column and row that the name of a slab's file says: `DATA/22/0A/B1/C2.tif`."""
    _, level, *digits = file.removesuffix(".tif").split("/")
    pairs = "".join(digits)
    return int(level), int(pairs[0::2], 36), int(pairs[1::2], 36)


def slab_files(root: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every slab's file of a pyramid."""
    files = (path for path in root.rglob("*.tif"))
    return {str(f.relative_to(root)): (f.lstat().st_ino, f.lstat().st_mtime_ns) for f in files}


@dataclass
class Patched:
    """What was seen of a site before, while and after the patch was accepted."""

    site: Site
    edition: str
    files_before: dict[str, tuple[int, int]]
    before: dict[str, httpx.Response] = field(default_factory=dict)
    after: dict[str, httpx.Response] = field(default_factory=dict)
    revalidated: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Statuses for the ETag that was given before the patch: asked before it, and after."""
    read: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    """What the readers got while it happened."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many answers they got."""
    faults: set[tuple[str, str]] = field(default_factory=set)
    unseen: list[str] = field(default_factory=list)
    """What was still as before when it should have been seen."""


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> tuple[Site, Path]:
    """A site with two dalles that touch, accepted in 2025, and the delivery of a patch."""
    folder = tmp_path_factory.mktemp("base")
    for east in (0, 200):
        name = hm_name(WEST + east, NORTH)
        make_dalle(folder / "depot" / f"{format_name(name)}.tif", name, compress="deflate")
    patch = hm_name(PATCH[0], PATCH[3])
    make_dalle(
        folder / "patch" / f"{format_name(patch)}.tif",
        patch,
        pixels=patch_pixels(patch.x_m, patch.y_m, 4000, 4000),
        mask=valid_in_patch(),
        compress="deflate",
    )
    site = new_site(folder / "site")
    take(site, folder / "depot")
    return site, folder / "patch"


@pytest.fixture(scope="module", params=["2025", "2026"], ids=["same edition", "new edition"])
def patched(request, base, tmp_path_factory) -> Patched:
    site = Site(tmp_path_factory.mktemp(request.param) / "site")
    shutil.copytree(base[0].root, site.root, symlinks=True)
    seen = Patched(site, request.param, slab_files(site.pyramids / f"{LAYER}_{request.param}"))
    with serving(site.root) as url:
        asyncio.run(_accepted_while_read(seen, url, base[1]))
    return seen


async def _accepted_while_read(seen: Patched, url: str, patch: Path) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, limits=limits) as client:
        for path in (*CHANGING, *STAYING, *OLD_EDITION, listing("2025")):
            seen.before[path] = await client.get(path)
            seen.read[path].add(seen.before[path].content)
        for path in {*_readers()} - seen.before.keys():
            seen.read[path].add((await client.get(path)).content)
        await _revalidate(seen, client)
        process = start("receive", patch, "--site", seen.site.root, "--edition", seen.edition, "--accept")
        assert process.stderr is not None
        said = iter(process.stderr.readline, b"")
        await asyncio.to_thread(lambda: next(line for line in said if line.startswith(b"pyramide: 0")))
        readers = [asyncio.create_task(_read(seen, client, path)) for path in _readers()]
        await asyncio.to_thread(lambda: [*said])
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
        end(process)
        await _until_seen(seen, client)
        await _read_once_more(seen, Counter(_readers()))
        for reader in readers:
            reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*readers)
        for path in (*CHANGING, *STAYING, *OLD_EDITION, listing(seen.edition)):
            seen.after[path] = await client.get(path)
        await _revalidate(seen, client)


def _readers() -> list[str]:
    """What each reader asks for: tiles all over the patch, maps and coverages across tiles and dalles."""
    col, row = tile_over(PATCH)
    around = itertools.product(range(col - 6, col + 6), range(row - 5, row + 5))
    tiles = [f"/wmts/{LAYER}/2154_5cm/22/{one}/{other}.jpeg" for one, other in around]
    tiles += [wmts(LAYER, SHOWN, level) for level in range(8, 22)] + [pm(LAYER, SHOWN)]
    maps = [wms(LAYER, PATCH), wms(LAYER, SHOWN), wms(LAYER, HOLE)]
    covers = [coverage(SHOWN), coverage(PATCH, "&scale-factor=10")]
    asked = ((tiles, TILES), (maps, MAPS), (covers, COVERAGES))
    return [path for paths, count in asked for path in itertools.islice(itertools.cycle(paths), count)]


async def _read(seen: Patched, client: httpx.AsyncClient, path: str) -> None:
    while True:
        try:
            answer = await client.get(path)
        except httpx.HTTPError as error:
            seen.faults.add((path, repr(error)))
        else:
            seen.counts[path] += 1
            if answer.status_code == 200:
                seen.read[path].add(answer.content)
            else:
                seen.faults.add((path, f"{answer.status_code} {answer.text[:200]}"))
        await asyncio.sleep(0.2)


async def _read_once_more(seen: Patched, readers: Counter[str]) -> None:
    """However slow the machine: each reader has an answer more that it asked for from now on."""
    known, deadline = seen.counts.copy(), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if all(seen.counts[path] - known[path] >= 2 * count for path, count in readers.items()):
            break
        await asyncio.sleep(0.05)


async def _until_seen(seen: Patched, client: httpx.AsyncClient) -> None:
    """Asked again and again for as long as the old state may be seen, and once more afterwards."""
    deadline, over = time.monotonic() + SEEN_WITHIN_S, False
    seen.unseen = [*CHANGING, listing(seen.edition)]
    while seen.unseen and not over:
        over = time.monotonic() > deadline  # however long the answers take that were asked for before
        answers = await asyncio.gather(*(client.get(path) for path in seen.unseen))
        old = {path: answer.content for path, answer in seen.before.items()}
        seen.unseen = [
            path
            for path, answer in zip(seen.unseen, answers, strict=True)
            if answer.status_code != 200 or answer.content == old.get(path)
        ]
        await asyncio.sleep(0.1)


async def _revalidate(seen: Patched, client: httpx.AsyncClient) -> None:
    for path, answer in seen.before.items():
        if "ETag" in answer.headers:
            known = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
            seen.revalidated[path].append(known.status_code)


def pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGB")).astype(int)


def test_everything_that_was_asked_was_answered(patched):
    answers = [*patched.before.values(), *patched.after.values()]
    assert [(a.url, a.status_code) for a in answers if a.status_code != 200] == []


def test_the_patch_is_seen_everywhere_soon_after_the_command_ended(patched):
    assert patched.unseen == []


def test_the_patch_shows_where_it_has_data_and_the_older_dalle_through_its_holes(patched):
    for box, truth in ((SHOWN, patch_pixels), (HOLE, ground_pixels), (ASIDE, ground_pixels)):
        col, row = tile_over(box)
        west, north = col * 12.8, 12_000_000 - row * 12.8
        tile = patched.after[wmts(LAYER, box)]
        assert np.abs(pixels(tile) - truth(west, north, 256, 256)).mean() <= 3
    shown = pixels(patched.after[coverage(SHOWN)])
    assert np.abs(shown - patch_pixels(SHOWN[0], SHOWN[3], 260, 260)).mean() <= 3
    whole = pixels(patched.after[wms(LAYER, PATCH)]).mean()
    assert whole < 0.6 * pixels(patched.before[wms(LAYER, PATCH)]).mean()


def test_dalles_and_listing_name_the_patch(patched):
    stem = format_name(hm_name(PATCH[0], PATCH[3]))
    rows = {row["id"]: row["properties"] for row in patched.after[DALLES].json()["features"]}
    assert len(rows) == 3
    assert rows[stem]["edition"] == patched.edition
    assert f"{stem}.tif" in patched.after[listing(patched.edition)].text


def test_validators_tell_what_changed_and_what_did_not(patched):
    same_edition = patched.edition == "2025"
    changed = {*CHANGING, *(OLD_EDITION if same_edition else ())}
    told = {path: statuses for path, statuses in patched.revalidated.items() if "/listing/" not in path}
    assert set(told) == {*CHANGING, *STAYING, *OLD_EDITION}
    assert told == {path: [304, 200 if path in changed else 304] for path in told}


def test_what_the_patch_does_not_touch_keeps_its_bytes(patched):
    kept = STAYING if patched.edition == "2025" else [*STAYING, *OLD_EDITION]
    for path in kept:
        assert patched.after[path].content == patched.before[path].content


def test_readers_meanwhile_saw_the_old_or_the_new_and_no_fault(patched):
    assert patched.faults == set()
    assert patched.counts.total() > MAPS + COVERAGES + TILES
    ends = {path: {patched.before[path].content, patched.after[path].content} for path in CHANGING}
    for path, bodies in patched.read.items():
        assert len(bodies) <= 2, path
        assert bodies <= ends.get(path, bodies), path
    both = [path for path, bodies in patched.read.items() if len(bodies) == 2]
    assert wmts(LAYER, SHOWN, 8) in both
    assert wms(LAYER, PATCH) in both


def test_the_slabs_that_were_written_are_those_under_the_patch(patched):
    root = patched.site.pyramids / f"{LAYER}_{patched.edition}"
    files = slab_files(root)
    if patched.edition == "2025":
        written = {file for file, status in files.items() if patched.files_before.get(file) != status}
    else:
        written = {file for file in files if not (root / file).is_symlink()}
    assert {slab_in(file) for file in written} == slabs_under_patch()
    assert {file.partition("/")[0] for file in written} == {"DATA"}


def test_the_older_edition_keeps_its_files_and_the_newer_links_to_them(patched, base):
    if patched.edition == "2025":
        pytest.skip("one edition alone")
    old, new = (patched.site.pyramids / f"{LAYER}_{edition}" for edition in ("2025", "2026"))
    before = {file: (base[0].pyramids / old.name / file).read_bytes() for file in slab_files(old)}
    assert {file: (old / file).read_bytes() for file in slab_files(old)} == before
    assert set(slab_files(new)) == set(before)
    links = [file for file in slab_files(new) if (new / file).is_symlink()]
    assert {(new / file).resolve() for file in links} == {(old / file).resolve() for file in links}
    named = (patched.site.pyramids / f"{LAYER}_2026.list").read_text().split("#\n")[1].split()
    assert {line for line in named if line.startswith("0/")} == {
        f"0/{file}" for file in before if file not in links
    }
