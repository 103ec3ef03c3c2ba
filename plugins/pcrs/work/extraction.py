"""The process `extraction`: objects, images and dalles of an area, in the formats and CRS that are wanted."""

from pathlib import Path

from pcrs.errors import InputError
from pcrs.standard.crs import PCRS_CRS
from pcrs.standard.model import CONCRETE
from pcrs.store.base import FeatureStore
from pcrs.vector.formats import FORMATS
from pcrs.vector.packs import join_archives
from pcrs.work.areas import Area
from pcrs.work.asked_area import AREA_INPUTS, POLYGON_CRS, area_of
from pcrs.work.estimates import refuse_too_large
from pcrs.work.export import Order, export
from pcrs.work.figures import estimates_of
from pcrs.work.images import IMAGE_FORMATS, ImageOrder, export_image
from pcrs.work.process_means import Means
from pcrs.work.processing import Input, Made, Output, Outputs, Process, Task, Words
from pcrs.work.progress import Progress, Step

ORTHO = "ortho"
CLASSES = [model.name for model in CONCRETE]
ZIP = "application/zip"
ZIP_SCHEMA = {"type": "string", "contentMediaType": ZIP}
_SHARES = {"choix": (0.0, 0.1), "objets": (0.1, 1.0), "image": (0.0, 0.6), "écriture": (0.6, 1.0)}
"""From where to where in the making of one format a stage goes."""
_MAIL = Input(
    Words("où prévenir ; oublié avec le travail", "where to tell of it; forgotten with the job"),
    {"type": "string", "pattern": "^[^@\\s<>,;]+@[^@\\s<>,;]+$", "maxLength": 200},
)


def extraction(means: Means) -> Process:
    """The process, over what a site holds."""

    def run(task: Task) -> Outputs:
        area = area_of(task.inputs, means.store)
        wanted: list[str] = task.inputs["formats"]
        if any(name in IMAGE_FORMATS for name in wanted):
            refuse_closed(ORTHO, area, task)
        refuse_too_large(estimates_of(means.store, area, task.readable), wanted, means.bytes_max, area.title)
        made: dict[str, Path] = {}
        for number, name in enumerate(wanted):
            make = _image if name in IMAGE_FORMATS else _objects
            path = make(means, area, name, task, _Part(task.progress, number, len(wanted), name))
            if path is not None:
                made[name] = path
        if not made:
            raise InputError(f"{area.title}: nothing there, no object and no dalle")
        return {"extrait": _one_file(task.folder, area.stem, made)}

    return Process(
        id="extraction",
        title=Words("Extraire le plan", "Extract the map"),
        description=Words(
            "Les objets et l'orthophotographie d'une commune, d'un rectangle, d'un polygone ou d'une dalle, "
            "dans les formats voulus, avec un lisez-moi (système de coordonnées, dates, précautions). Les "
            "images sont découpées à la limite.",
            "The objects and the orthophoto of a commune, a box, a polygon or a dalle, in the formats "
            "wanted, with a read-me (CRS, dates, cautions). Images are cut at the limit.",
        ),
        inputs=_inputs(letters=means.letters),
        outputs={"extrait": Output(Words("l'archive", "the archive"), ZIP_SCHEMA, ZIP)},
        run=run,
    )


def _inputs(*, letters: bool) -> dict[str, Input]:
    formats = [*sorted(FORMATS), *IMAGE_FORMATS]
    several = {"type": "array", "minItems": 1, "uniqueItems": True}
    return {
        **AREA_INPUTS,
        **POLYGON_CRS,
        "formats": Input(
            Words(
                "formats voulus : objets (gml, gpkg, dxf…), image (tif, jp2, jpg, mbtiles), dalles (zip)",
                "formats wanted: objects (gml, gpkg, dxf…), image (tif, jp2, jpg, mbtiles), dalles (zip)",
            ),
            several | {"items": {"enum": formats}, "maxItems": len(formats)},
            required=True,
        ),
        "epsg": Input(
            Words(
                "CRS du fichier (celui du format, sinon) ; mbtiles et zip gardent le leur",
                "CRS of the file (the format's own, otherwise); mbtiles and zip keep theirs",
            ),
            {"type": "integer", "enum": [*PCRS_CRS, 4326, 3857]},
        ),
        "decoupe": Input(
            Words("couper les objets à la limite", "cut objects at the limit"), {"type": "boolean"}
        ),
        "classes": Input(
            Words("classes voulues (toutes, sinon)", "classes wanted (all, otherwise)"),
            several | {"items": {"enum": CLASSES}},
        ),
        **({"courriel": _MAIL} if letters else {}),
    }


def _objects(means: Means, area: Area, name: str, task: Task, progress: Progress) -> Path | None:
    """The objects as an archive; None: there are none."""
    form = FORMATS[name]
    clip = task.inputs.get("decoupe", False) and not form.whole
    order = Order(
        form, means.credits, means.day, area, task.inputs.get("epsg"), clip,
        _layers(means.store, area, task), means.objects_max,
    )  # fmt: skip
    path = task.folder / f"{area.stem}-{order.target_epsg}-{form.name}.zip"
    if not path.exists():
        export(means.store, order, path, progress)
    return path if path.exists() else None


def _image(means: Means, area: Area, name: str, task: Task, progress: Progress) -> Path | None:
    """The image as an archive; None: there is no dalle."""
    form = IMAGE_FORMATS[name]
    epsg = task.inputs.get("epsg") if len(form.crs) > 1 else None
    order = ImageOrder(form, means.credits, means.day, area, epsg, means.quality, means.pixels_max)
    path = task.folder / f"{area.stem}-ortho-{order.target_epsg}-{form.name}.zip"
    if not path.exists():
        export_image(means.ground(), order, path, progress)
    return path if path.exists() else None


class _Part:
    """Progress of the making of one format among several: it never goes back."""

    def __init__(self, told: Progress, number: int, of: int, title: str) -> None:
        self._told, self._number, self._of, self._title = told, number, of, title
        self._share = 0.0

    def __call__(self, step: Step) -> None:
        low, high = _SHARES.get(step.stage, (0.0, 1.0))
        here = low + (high - low) * (step.done / step.total if step.total else 0.0)
        self._share = max(self._share, here)
        done = round(1000 * (self._number + self._share))
        self._told(Step(f"{self._title} : {step.stage}", done, 1000 * self._of))


def refuse_closed(layer: str, area: Area, task: Task) -> None:
    """Nothing, when a layer may be read all over an area.

    Raises:
        InputError: it may not.
    """
    if not task.readable.reads(layer, area.region):
        raise InputError(f"{layer}: not open, and not in the scope of who asks, or not all over {area.title}")


def _layers(store: FeatureStore, area: Area, task: Task) -> tuple[str, ...]:
    """The classes that are asked, and may be read.

    Raises:
        InputError: one that is asked by its name may not, or none is left.
    """
    held = {layer.name for layer in store.layers()}
    asked = task.inputs.get("classes")
    for name in asked or ():
        refuse_closed(name, area, task)
    kept = tuple(
        name
        for name in CLASSES
        if name in held and task.readable.reads(name, area.region) and name in (asked or held)
    )
    if not kept:
        raise InputError("no class is left that the site holds and that may be read")
    return kept


def _one_file(folder: Path, stem: str, made: dict[str, Path]) -> Made:
    if len(made) == 1:
        return Made(next(iter(made.values())).name, ZIP)
    whole = folder / f"{stem}.zip"
    join_archives(whole, made)
    for part in made.values():
        part.unlink()
    return Made(whole.name, ZIP)
