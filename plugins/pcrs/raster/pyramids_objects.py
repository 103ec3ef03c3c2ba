"""Pyramids in a bucket, as ROK4 lays them out on object storage.

A pyramid NAME is a descriptor `NAME.json`, a list `NAME.list`, and slabs `NAME/DATA_<level>_<col>_<row>`.
Before a switch the new slabs are put aside under hidden keys; the switch is copies within the service.
Readers know of its beginning and its end by conditional puts of `SWITCH`.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pcrs.blobs import ABSENT, ASIDE, Blobs
from pcrs.errors import StoreError
from pcrs.raster.pyramid_objects import SWITCH, SWITCHING, ObjectPyramid, leads_to, link_to, slab_key
from pcrs.raster.pyramids import Waiting
from pcrs.raster.rok4 import KINDS, descriptor_bytes, slab_file
from pcrs.raster.slab import INDEX_AT, SlabBytes
from pcrs.raster.slab_list import list_bytes, owners_in
from pcrs.standard.grid import Cells, Slab

_AT_ONCE = 16
"""Requests on the way at once."""
_STEADY = b"steady"


@dataclass(frozen=True, slots=True)
class ObjectPyramids:
    """`Pyramids` in a bucket."""

    objects: Blobs

    def published(self) -> list[str]:
        """As `Pyramids.published`."""
        top = self.objects.folder()
        return [
            name.removesuffix(".json") for name, _ in (top.files if top else ()) if name.endswith(".json")
        ]

    def stamp(self) -> Hashable:
        """As `Pyramids.stamp`: nothing is published but by a switch."""
        seen = self.objects.head(SWITCH)
        return seen and seen.tag

    def open(self, name: str) -> ObjectPyramid:
        """As `Pyramids.open`."""
        return ObjectPyramid(self.objects, name)

    def begun(self, name: str) -> bool:
        """As `Pyramids.begun`."""
        return self.objects.head(_founded(name)) is not None

    def found(self, name: str, previous: str | None) -> None:
        """As `Pyramids.found`: the object that says so comes last."""

        def link(key: str) -> None:
            self.objects.put(f"{name}/{key.rpartition('/')[2]}", link_to(self.objects, key))

        if previous is not None:
            _each(link, [one.key for one in self.objects.list(previous)])
            listed = self.objects.read(f"{previous}.list")
            if listed is not None:
                self._put_list(name, owners_in(listed.data))
        self.objects.put(_founded(name), (previous or "").encode())

    def clear(self, name: str) -> None:
        """As `Pyramids.clear`: the object that says that it is there goes last."""
        _each(self.objects.delete, [f"{name}.json", f"{name}.list"])
        _each(self.objects.delete, [one.key for one in self.objects.list(name)])
        self.objects.delete(_founded(name))

    def read(self, name: str, slab: Slab) -> SlabBytes:
        """As `Pyramids.read`."""
        data, mask = (self._after(slab_key(name, kind, slab), {}) for kind in KINDS)
        return SlabBytes(data, mask)

    def switch(
        self,
        waiting: Sequence[Waiting],
        levels: Mapping[str, Mapping[int, Cells]],
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """As `Pyramids.switch`."""
        coming = self._coming(waiting)

        def put_aside(key: str) -> None:
            file = coming[key]
            if file is not None:
                self.objects.put(f"{ASIDE}/{key}", file.read_bytes())

        _each(put_aside, coming)
        self._turn(SWITCHING)

        def move(key: str) -> None:
            if coming[key] is None:
                self.objects.delete(key)
            else:
                self.objects.copy(f"{ASIDE}/{key}", key)

        _each(move, coming)
        for name, limits in levels.items():
            self.objects.put(f"{name}.json", descriptor_bytes(limits, self._storage(name)))
        then()
        self._turn(_STEADY)
        self.objects.sweep()

    def unfinished(self) -> bool:
        """As `Pyramids.unfinished`."""
        seen = self.objects.read(SWITCH)
        return seen is not None and seen.data.startswith(SWITCHING)

    def write_list(self, name: str, changed: Collection[Slab] | None = None) -> int:
        """As `Pyramids.write_list`. A link leads to the pyramid before, whose list knows the owner."""
        listed = self.objects.read(f"{name}.list")
        if changed is None or listed is None:
            owners = self._owners(name)
        else:
            owners = owners_in(listed.data)
            self._follow(name, changed, owners)
        self._put_list(name, owners)
        return len(owners)

    def _put_list(self, name: str, owners: Mapping[str, str]) -> None:
        home = self.objects.url.removeprefix("s3://")
        lines = [(f"{home}/{owner}", slab) for slab, owner in sorted(owners.items())]
        self.objects.put(f"{name}.list", list_bytes(f"{home}/{name}", lines))

    def _follow(self, name: str, changed: Iterable[Slab], owners: dict[str, str]) -> None:
        """The owners of these slabs are those of now; a slab that is gone has none."""
        before = self._before(name)
        listed = self.objects.read(f"{before}.list") if before else None
        earlier = owners_in(listed.data) if listed else {}

        def ask(key: str) -> None:
            slab, seen = key.rpartition("/")[2], self.objects.head(key)
            owner = None if seen is None else name if seen.size > INDEX_AT else earlier.get(slab)
            if owner is None:
                owners.pop(slab, None)
            else:
                owners[slab] = owner

        _each(ask, [slab_key(name, kind, slab) for slab in changed for kind in KINDS])

    def _coming(self, waiting: Sequence[Waiting]) -> dict[str, Path | None]:
        """The files that the switch puts under keys (None: they go); none that would change nothing."""
        coming: dict[str, Path | None] = {}
        for one in waiting:
            for slab, kinds in one.slabs:
                for kind in KINDS:
                    key = slab_key(one.name, kind, slab)
                    new = slab_file(one.aside, kind, slab)
                    if kind not in kinds:
                        if self.objects.head(key) is not None:
                            coming[key] = None
                    elif self._after(key, coming) != new.read_bytes():
                        coming[key] = new
        return coming

    def _after(self, key: str, coming: Mapping[str, Path | None]) -> bytes | None:
        """The bytes that will be read at a key after the switch, links followed; None: there will be none."""
        at = key
        while at not in coming:
            part = self.objects.read(at)
            if part is None:
                return None
            link = leads_to(self.objects, part.data)
            if link is None:
                return part.data
            at = link
        file = coming[at]
        return None if file is None else file.read_bytes()

    def _turn(self, state: bytes) -> None:
        """The switch object says so, unless another process wrote it meanwhile; it never says the same twice.

        Raises:
            ConflictError: another process is writing these pyramids.
        """
        seen = self.objects.read(SWITCH)
        number = int(seen.data.split()[1]) + 1 if seen else 1
        self.objects.put(SWITCH, b"%s %d\n" % (state, number), over=seen.tag if seen else ABSENT)

    def _storage(self, name: str) -> Callable[[int], dict[str, str]]:
        bucket, _, prefix = self.objects.url.removeprefix("s3://").partition("/")
        root = f"{prefix}/{name}" if prefix else name
        return lambda level: {
            "type": "S3",
            "image_prefix": f"{root}/DATA_{level}",
            "mask_prefix": f"{root}/MASK_{level}",
            "bucket_name": bucket,
        }

    def _owners(self, name: str) -> dict[str, str]:
        """The pyramid that has the bytes of each slab of a pyramid, by the last part of the slab's key."""
        before = self._before(name)
        earlier = self._owners(before) if before else {}
        owners = {}
        for one in self.objects.list(name):
            slab = one.key.rpartition("/")[2]
            owner = name if one.seen.size > INDEX_AT else earlier.get(slab)
            if owner is not None:
                owners[slab] = owner
        return owners

    def _before(self, name: str) -> str:
        """The pyramid that this one links to; empty when there is none."""
        founded = self.objects.read(_founded(name))
        if founded is None:
            raise StoreError(f"{self.objects.url}/{name} was never founded: build this pyramid again")
        return founded.data.decode()


def _founded(name: str) -> str:
    """The object that says that a pyramid is there; it holds the name of the one that it links to."""
    return f"{name}/.founded"


def _each(call: Callable[[str], object], keys: Iterable[str]) -> None:
    """The call for every key, several at once; the first error is raised when those under way have ended."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(call, keys):
            pass
