"""The plan that a reader prints: what the request asks, gathered from the site and drawn as a PDF."""

from collections.abc import Mapping
from datetime import date, datetime

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from pcrs.errors import InputError, PcrsError
from pcrs.publish.plan import Plan, Sheet
from pcrs.raster.map_drawing import draw
from pcrs.serve.context import Served
from pcrs.serve.gate import Gate
from pcrs.serve.problems import refused
from pcrs.standard.codes import CODES
from pcrs.standard.crs import L93, BBox, distortion
from pcrs.standard.french import number
from pcrs.standard.grid import DALLE_RES_M
from pcrs.vector.drawing import DRAWINGS
from pcrs.vector.formats import format_of
from pcrs.vector.sheets import Extract
from pcrs.work.areas import box_area
from pcrs.work.export import Order, extract_of
from pcrs.work.notice import Credits

_LINKED = ("AffleurantPCRS", "AffleurantGeometriquePCRS")
_OBJECTS_MAX = 40_000
_PROBES = 5
"""Points along a side of the sheet at which one looks which dalle shows."""
_TITLE_MAX = 80
_PRECISIONS = CODES["CategoriePrecisionPCRSType"].values
_KNOWN = frozenset({"x", "y", "echelle", "format", "orientation", "titre", "edition", "image", "objets"})


class Plans:
    """Plans of a site. They are drawn one by one, and a few may wait."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._gate = Gate("plans", workers=1, waiting=8)

    async def answer(self, request: Request) -> Response:
        """`x` and `y` (EPSG:2154) and `echelle` are needed; the rest has usual values."""
        try:
            today = datetime.now().astimezone().date()
            pdf = await self._gate.run(lambda: self.made(request.query_params, today), large=True)
        except PcrsError as error:
            return refused(error)
        headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="plan-pcrs.pdf"'}
        return Response(pdf, headers=headers, media_type="application/pdf")

    def made(self, params: Mapping[str, str], today: date) -> bytes:
        """The PDF that the parameters ask.

        Raises:
            InputError: they make no sense, or the edition is unknown.
            TooLargeError: there are too many objects on the sheet.
        """
        unknown = sorted(set(params) - _KNOWN)
        if unknown:
            raise InputError(f"paramètre {unknown[0]!r} inconnu : {', '.join(sorted(_KNOWN))}")
        sheet = _sheet(params)
        served = self._served
        edition = params.get("edition") or None
        if edition is not None and edition not in served.editions():
            raise InputError(f"edition={edition!r} : publiées : {', '.join(served.editions())}")
        with_image = _yes(params, "image")
        bent = distortion(L93, sheet.x, sheet.y)
        from pcrs.publish.plan.page import write_plan  # reportlab: only who prints needs it

        return write_plan(
            Plan(
                sheet=sheet,
                title=params.get("titre", "").strip()[:_TITLE_MAX] or served.title,
                credits=f"© {served.operator} – {served.licence_title}",
                day=f"{today:%d/%m/%Y}",
                image=self._image(sheet, edition) if with_image else None,
                imagery=self._imagery(sheet.ground, edition) if with_image else (),
                objects=self._objects(sheet.ground, today) if _yes(params, "objets") else None,
                precisions=_PRECISIONS,
                stretch=bent.stretch,
                convergence=bent.convergence,
            )
        )

    def _image(self, sheet: Sheet, edition: str | None) -> tuple[Image.Image, BBox] | None:
        pyramid = self._served.pyramid(edition)
        if pyramid is None or not pyramid.levels:
            return None
        box, size = sheet.image(DALLE_RES_M)
        return draw(pyramid, box, size, L93, "bilinear"), box

    def _imagery(self, ground: BBox, edition: str | None) -> tuple[str, ...]:
        """What is to be said of the dalles that show, an edition a line."""
        found: dict[str, set[tuple[str, str]]] = {}
        for across in range(_PROBES):
            for up in range(_PROBES):
                x = ground.xmin + (across + 0.5) * ground.width / _PROBES
                y = ground.ymin + (up + 0.5) * ground.height / _PROBES
                row = self._served.dalle_at(edition, x, y)
                if row is not None:
                    told = row.values["date_acquisition"] or "", row.values["precision"] or ""
                    found.setdefault(row.values["edition"], set()).add(told)
        if not found:
            return ("Orthophotographie : pas de dalle ici",)
        return tuple(_edition(name, told) for name, told in sorted(found.items(), reverse=True))

    def _objects(self, ground: BBox, today: date) -> Extract:
        served = self._served
        here = {layer.name for layer in served.store.layers()}
        wanted = [name for name, drawing in DRAWINGS.items() if drawing.shown]
        names = tuple(name for name in (*wanted, *_LINKED) if name in here)
        area = box_area(",".join(map(str, ground)), f"EPSG:{L93}")
        order = Order(
            format_of("gpkg"), Credits(served.title), today, area, L93, layers=names, objects_max=_OBJECTS_MAX
        )
        return extract_of(served.store, order)


def _sheet(params: Mapping[str, str]) -> Sheet:
    try:
        x, y, scale = float(params["x"]), float(params["y"]), int(params["echelle"])
    except (KeyError, ValueError):
        raise InputError("attendu x et y (EPSG:2154, mètres) et echelle (200, 500, 1000 ou 2000)") from None
    return Sheet(x, y, scale, params.get("format", "A4"), params.get("orientation", "paysage"))


def _yes(params: Mapping[str, str], name: str) -> bool:
    value = params.get(name, "oui")
    if value not in ("oui", "non"):
        raise InputError(f"{name}={value!r} : attendu oui ou non")
    return value == "oui"


def _edition(name: str, told: set[tuple[str, str]]) -> str:
    days = sorted(day for day, _ in told if day)
    first, last = (f"{date.fromisoformat(day):%d/%m/%Y}" for day in (days[0], days[-1])) if days else ("", "")
    flown = "date de prise de vue non renseignée" if not days else f"prise de vue le {first}"
    if first != last:
        flown = f"prises de vue du {first} au {last}"
    order = list(_PRECISIONS)
    classes = sorted({code for _, code in told if code in order}, key=order.index)
    precise = f", précision {_PRECISIONS[classes[-1]]}" if classes else ""
    return f"Orthophotographie {number(DALLE_RES_M * 100)} cm, édition {name} : {flown}{precise}"
