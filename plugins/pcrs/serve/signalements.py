"""`/signalements`: what people say has changed, handed in, shown, taken back and followed up, as GeoJSON."""

import base64
import binascii
import json
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.errors import InputError, NotFoundError
from pcrs.serve.admin.means import actor, now
from pcrs.serve.bodies import whole_body
from pcrs.serve.context import PRINCIPAL
from pcrs.serve.listing import PublicFile, sent
from pcrs.serve.parameters import closed
from pcrs.serve.problems import Handler, guarded, problem
from pcrs.standard.crs import CRS84, L93, epsg_of, transformer
from pcrs.store.journal import Journal
from pcrs.store.signalements import SHOWN, WAYS, Signalement, State
from pcrs.store.trail import Act
from pcrs.work.access import LOWEST, Ask, Principal, Rules, decide
from pcrs.work.signalements import CATEGORIES, MAX_PHOTO, MAX_TEXT, Counter

MAX_BODY = MAX_PHOTO * 4 // 3 + 20_000
_GEOJSON = "application/geo+json"
_NO_STORE = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
_WGS84 = 4326
_TRAP = "site_web"
"""A field that people do not see, and machines that fill in forms do."""
_FIELDS = {"categorie", "texte", "position", "crs", "courriel", "photo", _TRAP}


def routes(counter: Counter, public_url: str, journal: Journal, contact: str) -> list[Route]:
    """The addresses. Who may follow up is looked up in the request; `journal` notes that they did.

    `contact` is who answers to people that ask for their data.
    """
    desk = _Desk(counter, f"{public_url}/signalements", journal, contact)
    handlers: list[tuple[str, str, Handler]] = [
        ("/signalements", "GET", desk.all),
        ("/signalements", "POST", desk.hand_in),
        ("/signalements/formulaire", "GET", desk.form),
        ("/signalements/{id}", "GET", desk.one),
        ("/signalements/{id}", "DELETE", desk.take_back),
        ("/signalements/{id}/photo", "GET", desk.photo),
        ("/signalements/{id}/suite", "POST", desk.follow_up),
    ]
    made = (Route(path, guarded(handler), methods=[method]) for path, method, handler in handlers)
    return closed(made, {"/signalements/{id}": ("cle",)})


class _Desk:
    def __init__(self, counter: Counter, address: str, journal: Journal, contact: str) -> None:
        self._counter = counter
        self._address = address
        self._journal = journal
        self._contact = contact

    async def all(self, request: Request) -> Response:
        """Those that somebody has looked at; all of them, for who follows up."""
        states: tuple[State, ...] = () if _follows_up(request) else SHOWN
        found = await run_in_threadpool(self._counter.store.all, states)
        features = [self._feature(one, whole=_follows_up(request)) for one in found]
        return _json({"type": "FeatureCollection", "features": features}, _GEOJSON)

    async def form(self, _request: Request) -> Response:
        """What a form has to know: categories, limits, and what becomes of what is sent."""
        terms = self._counter.terms
        return _json(
            {
                "categories": [{"code": code, "fr": fr, "en": en} for code, (fr, en) in CATEGORIES.items()],
                "texte_max": MAX_TEXT,
                "photo_max": MAX_PHOTO,
                "par_heure": terms.an_hour,
                "conservation_jours": terms.keep_days,
                "contact": self._contact,
            }
        )

    async def one(self, request: Request) -> Response:
        """One of them: its state for who knows its number, its text once it was looked at."""
        found = await run_in_threadpool(self._counter.store.get, request.path_params["id"])
        return _json(self._feature(found, whole=_follows_up(request)), _GEOJSON)

    async def photo(self, request: Request) -> Response:
        """Its photo, once it was looked at."""
        found = await run_in_threadpool(self._counter.store.get, request.path_params["id"])
        path = self._counter.photo(found.id)
        if not found.said.photo or not path.is_file() or not (found.state in SHOWN or _follows_up(request)):
            raise NotFoundError("no photo is shown here")
        response = sent(request, PublicFile(path, path.stat()))
        response.headers["Cache-Control"] = "no-store"
        return response

    async def hand_in(self, request: Request) -> Response:
        """A new one; the answer tells its number, and the key that takes it back."""
        told = _document(await whole_body(request, MAX_BODY))
        if told.get(_TRAP):
            return _json({"id": "000000000000", "cle": ""}, status=201)  # a machine: it is not told
        crs = str(told.get("crs", CRS84))
        x, y = transformer(epsg_of(crs), L93).transform(*_position(told.get("position")))
        sender = (request.scope.get("client") or ("",))[0]
        taken, key = await run_in_threadpool(
            lambda: self._counter.hand_in(
                str(told.get("categorie", "")),
                str(told.get("texte", "")),
                (x, y),
                sender=sender,
                contact=str(told.get("courriel", "")),
                photo=_photo(told.get("photo")),
            )
        )
        here = f"{self._address}/{taken.id}"
        headers = {"Location": here}
        body = {"id": taken.id, "cle": key, "suivi": here, "maille": taken.said.cell}
        return _json(body, status=201, headers=headers)

    async def take_back(self, request: Request) -> Response:
        """It is erased, for who has its key, or follows up."""
        identifier = request.path_params["id"]
        found = await run_in_threadpool(self._counter.store.get, identifier)
        key = request.query_params.get("cle", "")
        if not _follows_up(request) and not await run_in_threadpool(
            self._counter.store.opens, identifier, key
        ):
            return problem(403, "cle: ce n'est pas la clé de ce signalement / not the key of this one")
        await run_in_threadpool(self._counter.erase, [found])
        if _follows_up(request):
            await run_in_threadpool(self._note, request, "effacé", identifier)
        return Response(status_code=204, headers=_NO_STORE)

    async def follow_up(self, request: Request) -> Response:
        """What becomes of it."""
        if not _follows_up(request):
            status = 403 if request.scope.get(PRINCIPAL, Principal()).token else 401
            return problem(status, f"il faut le rôle {LOWEST['moderate'].label} / needs that role")
        told = _document(await whole_body(request, MAX_BODY), {"etat", "note"})
        state = told.get("etat")
        if state not in WAYS:
            raise InputError(f"etat: expected one of {', '.join(WAYS)}")
        moved = await run_in_threadpool(
            self._counter.move, request.path_params["id"], state, str(told.get("note", ""))
        )
        await run_in_threadpool(self._note, request, state, moved.id)
        return _json(self._feature(moved, whole=True), _GEOJSON)

    def _note(self, request: Request, action: str, identifier: str) -> None:
        """One line of the journal; what was said on the ground is not in it."""
        self._journal.note(Act(actor(request), action, now()), f"signalement {identifier}")

    def _feature(self, one: Signalement, *, whole: bool) -> dict[str, Any]:
        """As everyone sees it; `whole`: as those who follow up do."""
        lon, lat = transformer(L93, _WGS84).transform(one.said.x_m, one.said.y_m)
        shown = whole or one.state in SHOWN
        french, english = CATEGORIES.get(one.said.category, (one.said.category, one.said.category))
        properties: dict[str, Any] = {
            "categorie": one.said.category,
            "libelle": french,
            "label": english,
            "maille": one.said.cell,
            "l93": [round(one.said.x_m, 2), round(one.said.y_m, 2)],
            "etat": one.state,
            "cree": one.created,
            "maj": one.updated,
            "suite": [{"etat": step.state, "le": step.at, "note": step.note} for step in one.steps],
            "texte": one.said.text if shown else None,
            "photo": f"{self._address}/{one.id}/photo" if shown and one.said.photo else None,
        }
        if whole:
            properties["courriel"] = one.said.contact
        geometry = {"type": "Point", "coordinates": [round(lon, 7), round(lat, 7)]}
        return {"type": "Feature", "id": one.id, "geometry": geometry, "properties": properties}


def _follows_up(request: Request) -> bool:
    who: Principal = request.scope.get(PRINCIPAL, Principal())
    return decide(who, Ask("moderate"), Rules()).allowed


def _document(body: bytes, known: set[str] = _FIELDS) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("the body is no JSON") from None
    if not isinstance(told, dict) or not told.keys() <= known:
        raise InputError(f"expected an object with {', '.join(sorted(known - {_TRAP}))}")
    return told


def _position(value: Any) -> tuple[float, float]:
    good = (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e8 for n in value)
    )
    if not good:
        raise InputError("position: expected [longitude, latitude], or x and y of `crs`")
    return float(value[0]), float(value[1])


def _photo(value: Any) -> bytes:
    """A picture, in base64, with or without the head of a data URL."""
    if not value:
        return b""
    text = str(value)
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("photo: expected base64") from None


def _json(
    document: dict[str, Any],
    media_type: str = "application/json",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(orjson.dumps(document), status, {**_NO_STORE, **(headers or {})}, media_type)
