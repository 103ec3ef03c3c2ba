"""The layers of WMTS and WMS, as they stand now: one for the current mosaic, one for each edition."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pcrs.errors import PcrsError
from pcrs.raster.pyramids import Tiles
from pcrs.raster.view import data_bbox
from pcrs.serve.context import Served
from pcrs.standard.crs import BBox
from pcrs.standard.grid import Cells

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MapLayer:
    """One layer that clients may ask for. Texts are French."""

    name: str
    edition: str | None
    """None: the current mosaic."""
    title: str
    abstract: str
    pyramid: Tiles
    bbox: BBox
    """Where there is data: EPSG:2154, metres, whole tiles of the finest level."""
    levels: tuple[tuple[int, Cells], ...]

    @property
    def limits(self) -> dict[int, Cells]:
        """Tiles of the native grid, by level, beyond which there is nothing: what WMTS's capabilities tell.

        The schema of 2010 knows no column 0, so level 6 is left out. Of the current mosaic alone: with those
        of six editions the document would pass 50 kB.
        """
        if self.edition is not None:
            return {}
        return {level: cells for level, cells in self.levels if min(cells) > 0}

    """Where there is data at each level of the pyramid."""


def _layer(served: Served, edition: str | None) -> MapLayer | None:
    """The layer of an edition; None before it has tiles."""
    pyramid = served.pyramid(edition)
    if pyramid is None or not pyramid.levels:
        return None
    if edition is None:
        name, title = served.layer, f"{served.title} : orthophotographie à 5 cm"
        abstract = "Mosaïque courante des dalles du PCRS image, pixel de 5 cm, à jour de la dernière édition."
    else:
        name = f"{served.layer}_{edition}"
        title = f"{served.title} : orthophotographie à 5 cm, édition {edition}"
        abstract = (
            f"Mosaïque des dalles du PCRS image, pixel de 5 cm, telle qu'elle était à l'édition {edition}."
        )
    levels = tuple(sorted(pyramid.levels.items()))
    return MapLayer(name, edition, title, abstract, pyramid, data_bbox(pyramid.levels), levels)


def map_layers(served: Served) -> dict[str, MapLayer]:
    """Layers by name: the current one first, then editions, the newest first."""
    wanted = (None, *reversed(served.editions()))
    layers = (_layer(served, edition) for edition in wanted)
    return {layer.name: layer for layer in layers if layer is not None}


class Published:
    """The layers, looked at anew when they are asked for, but once in `recheck_s` seconds at the most.

    `revision` counts the times when names or extents changed: whatever is derived from the layers
    (capabilities, MapProxy's configuration) is good for one revision.
    """

    def __init__(
        self, served: Served, recheck_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._served = served
        self._clock = clock
        self._recheck_s = recheck_s
        self._layers: dict[str, MapLayer] | None = None
        self._due = 0.0
        self.revision = 0

    def layers(self) -> dict[str, MapLayer]:
        """Layers by name.

        Raises:
            PcrsError, OSError: the site cannot be read just now, and never could.
        """
        now, known = self._clock(), self._layers
        if known is None:
            known = self._take(map_layers(self._served), now)
        elif now >= self._due:
            self._due = now + self._recheck_s
            try:
                known = self._take(map_layers(self._served), now)
            except (PcrsError, OSError):
                _LOG.exception("the published editions cannot be read: the layers known before are served")
        return known

    def _take(self, layers: dict[str, MapLayer], now: float) -> dict[str, MapLayer]:
        if _shape(layers) != _shape(self._layers or {}):
            self.revision += 1
        self._layers, self._due = layers, now + self._recheck_s
        return layers


def _shape(layers: Mapping[str, MapLayer]) -> tuple[tuple[str, tuple[tuple[int, Cells], ...]], ...]:
    """What must stay the same for everything derived from the layers to stay true."""
    return tuple((name, layer.levels) for name, layer in layers.items())
