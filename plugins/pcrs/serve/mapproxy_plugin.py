"""MapProxy's plugin: a source and a cache of type `pcrs`, both over the pyramids that this process serves.

MapProxy finds it through the entry point of group `mapproxy`. Its configuration names an edition at the most
(none: the current mosaic); pyramids and the index of dalles come from `pcrs.serve.context.served()`.
"""

from contextvars import ContextVar
from io import BytesIO
from typing import Any

from mapproxy.cache.dummy import DummyCache
from mapproxy.cache.tile import Tile as CacheTile
from mapproxy.config import spec
from mapproxy.config.configuration.base import ConfigurationError
from mapproxy.config.configuration.cache import CacheConfiguration
from mapproxy.config.configuration.source import SourceConfiguration, register_source_configuration
from mapproxy.extent import MapExtent
from mapproxy.featureinfo import FeatureInfoDoc, create_featureinfo_doc
from mapproxy.image import ImageResult
from mapproxy.image.opts import ImageOptions
from mapproxy.layer import InfoLayer
from mapproxy.layer.map_layer import MapLayer
from mapproxy.query import InfoQuery, LegendQuery, MapQuery
from mapproxy.source import LegendSource
from mapproxy.srs import SRS

from pcrs.errors import NotFoundError
from pcrs.raster.map_drawing import draw, slabs_drawn
from pcrs.raster.pyramids import Tiles
from pcrs.raster.view import data_bbox
from pcrs.serve.context import served
from pcrs.serve.dalle_info import WRITERS, facts_at
from pcrs.serve.legend import SIZE, legend
from pcrs.serve.tile_cache import Origin
from pcrs.serve.tiles import native_tile
from pcrs.standard.crs import L93, BBox, epsg_of, transformer
from pcrs.standard.grid import LAMB93, TILE_PX, Tile

_EDITION = {"edition": ""}
"""Option and type, as MapProxy's specification of its configuration writes them."""
ORIGINS: ContextVar[list[Origin] | None] = ContextVar("ORIGINS", default=None)
"""Who asks MapProxy puts a list here, and learns what each image was drawn from."""


def plugin_entrypoint() -> None:
    """MapProxy knows the source and the cache; called at each loading of a configuration."""
    register_source_configuration(
        "pcrs", PcrsSourceConfiguration, "pcrs", {**_EDITION, "image": spec.image_opts}
    )
    # MapProxy has no register of caches: it looks for a method named after the type.
    CacheConfiguration._pcrs_cache = _pcrs_cache
    (cache,) = spec.mapproxy_yaml_spec["caches"].values()
    cache["cache"].add_subspec("pcrs", dict(_EDITION))


def _pyramid(edition: str | None) -> Tiles:
    """The pyramid to read now.

    Raises:
        NotFoundError: the edition is published no more.
    """
    pyramid = served().pyramid(edition)
    if pyramid is None:
        raise NotFoundError(f"edition {edition or 'current'}: no pyramid is published")
    return pyramid


class PcrsSource(MapLayer):  # type: ignore[misc]
    """Maps of one edition, in any CRS. Called from any thread."""

    supports_meta_tiles = True

    def __init__(self, edition: str | None, extent: BBox, image_opts: Any) -> None:
        super().__init__(image_opts=image_opts)
        self.edition = edition
        self.extent = MapExtent(tuple(extent), SRS(L93))

    def get_map(self, query: MapQuery) -> ImageResult:
        """The map that `query` describes, transparent where there is no data."""
        pyramid = _pyramid(self.edition)
        bbox, epsg = BBox(*query.bbox), epsg_of(query.srs.srs_code)
        origins = ORIGINS.get()
        if origins is not None:
            slabs = slabs_drawn(pyramid, bbox, query.size, epsg)
            origins.append(Origin(pyramid, slabs, pyramid.tags(slabs)))
        image = draw(pyramid, bbox, query.size, epsg, self.image_opts.resampling)
        return ImageResult(image, size=query.size, image_opts=self.image_opts)


class DalleInfo(InfoLayer):  # type: ignore[misc]
    """Which dalle shows at a point."""

    def __init__(self, edition: str | None) -> None:
        self.edition = edition

    def get_info(self, query: InfoQuery) -> FeatureInfoDoc:
        """The facts of the dalle at the point, in the media type asked for."""
        x_m, y_m = transformer(epsg_of(query.srs.srs_code), L93).transform(*query.coord)
        facts = facts_at(served(), self.edition, x_m, y_m)
        write = WRITERS.get(query.info_format, WRITERS["text/plain"])
        return create_featureinfo_doc(write(facts), query.info_format)


class PcrsLegend(LegendSource):  # type: ignore[misc]
    """The legend of every layer."""

    size = SIZE

    def get_legend(self, query: LegendQuery) -> ImageResult:
        """The legend as an image."""
        return ImageResult(legend(), size=SIZE, image_opts=ImageOptions(format="image/png"))


class PcrsSourceConfiguration(SourceConfiguration):  # type: ignore[misc]
    """`type: pcrs` among the sources."""

    source_type = ("pcrs",)

    def source(self, params: dict[str, Any] | None = None) -> PcrsSource:
        """The source of maps."""
        edition = self.conf.get("edition")
        return PcrsSource(edition, data_bbox(_pyramid(edition).levels), self.image_opts())

    def fi_source(self, params: dict[str, Any] | None = None) -> DalleInfo:
        """The source of GetFeatureInfo."""
        return DalleInfo(self.conf.get("edition"))

    def lg_source(self, params: dict[str, Any] | None = None) -> PcrsLegend:
        """The source of GetLegendGraphic."""
        return PcrsLegend()


class PyramidCache(DummyCache):  # type: ignore[misc]
    """The pyramid as a cache that is always warm and that nobody writes.

    It is a `DummyCache` to MapProxy, which therefore takes no lock files: what the pyramid lacks (the levels
    above its top) is drawn from the source at each request.
    """

    supports_timestamp = False

    def __init__(self, edition: str | None) -> None:
        super().__init__()
        self.edition = edition

    def is_cached(self, tile: CacheTile, dimensions: Any = None) -> bool:
        """True at every level that the pyramid has: where it has no tile, the tile is white."""
        return tile.coord is None or tile.coord[2] in _pyramid(self.edition).levels

    def load_tile(self, tile: CacheTile, with_metadata: bool = False, dimensions: Any = None) -> bool:
        """True when the tile has its bytes, those of the pyramid unchanged."""
        if tile.coord is None or tile.image_result is not None:
            return True
        col, row, level = tile.coord
        jpeg = native_tile(_pyramid(self.edition), Tile(level, col, row))
        if jpeg is None:
            return False
        tile.image_result = ImageResult(BytesIO(jpeg), size=(TILE_PX, TILE_PX))
        tile.size = len(jpeg)
        return True


def _pcrs_cache(configuration: Any, grid_configuration: Any, image_opts: Any) -> PyramidCache:
    """`type: pcrs` among the caches."""
    grid = grid_configuration.tile_grid()
    lamb93 = (grid.srs.srs_code, grid.levels, grid.bbox[0], grid.bbox[3])
    if lamb93 != (f"EPSG:{L93}", len(LAMB93.sizes), LAMB93.origin_x, LAMB93.origin_y):
        raise ConfigurationError(
            f"cache {configuration.conf['name']}: type pcrs is for the grid {LAMB93.id} only"
        )
    if image_opts.format != "image/jpeg":
        raise ConfigurationError(f"cache {configuration.conf['name']}: type pcrs has image/jpeg only")
    return PyramidCache(configuration.conf["cache"].get("edition"))
