# ruff: noqa: C901 - a table of what the platform refuses reads best in one piece
"""The API of an Entrepôt for tests: its paths, pages of its lists, multipart bodies, tokens that end."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.entrepot import Fake
from tests.entrepot_state import DATASTORE, Refusal, new_id, used
from tests.services.asking import running

_KINDS = {
    "uploads": "upload",
    "stored_data": "stored_data",
    "configurations": "configuration",
    "offerings": "offering",
    "metadata": "metadata",
    "processings/executions": "execution",
    "checks/executions": "check",
}


def _public(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _public(value) for key, value in thing.items() if not key.startswith("#")}
    return [_public(one) for one in thing] if isinstance(thing, list) else thing


def _form(sent: bytes, boundary: str) -> tuple[bytes, str, dict[str, str]]:
    """The file, its name, and the other fields of a multipart body."""
    data, name, fields = b"", "", {}
    for part in sent.split(f"--{boundary}".encode())[1:-1]:
        head, _, value = part[2:-2].partition(b"\r\n\r\n")
        told = dict(re.findall(r'(name|filename)="([^"]*)"', head.decode()))
        if "filename" in told:
            data, name = value, told["filename"]
        else:
            fields[told["name"]] = value.decode()
    return data, name, fields


def _tree(files: dict[str, bytes]) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    top = []
    for path, data in files.items():
        folder, _, name = path.rpartition("/")
        row = {"type": "FILE", "name": name, "size": len(data)}
        (folders.setdefault(folder, []) if folder else top).append(row)
    for folder, rows in folders.items():
        top.append({"type": "DIRECTORY", "name": folder, "size": 0, "children": rows})
    return top


def _listed(fake: Fake, request: Request, rows: list[dict[str, Any]]) -> Response:
    """A page of what the query asks for, with Content-Range; lists do not give every property."""
    query = dict(request.query_params)
    page, limit = int(query.pop("page", 1)), min(int(query.pop("limit", 10)), 50)
    query.pop("fields", None)
    for key, value in query.items():
        if key.startswith("tags["):
            rows = [row for row in rows if row.get("tags", {}).get(key[5:-1]) == value]
        elif key == "stored_data":
            rows = [row for row in rows if value in used(row)]
        elif key in ("input_upload", "output_stored_data"):
            rows = [row for row in rows if value in str(row["inputs" if key[0] == "i" else "output"])]
        else:
            rows = [row for row in rows if str(row.get(key, "")).lower() == value.lower()]
    some = rows[(page - 1) * limit : page * limit]
    brief = [{k: v for k, v in row.items() if k not in ("tags", "type_infos", "inputs")} for row in some]
    last = max(0, (page - 1) * limit + len(some) - 1)
    headers = {"Content-Range": f"{(page - 1) * limit}-{last}/{len(rows)}"}
    return JSONResponse(_public(brief), 206 if len(some) < len(rows) else 200, headers)


def _app(fake: Fake) -> Starlette:
    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        if ["secret"] not in (form.get("client_secret"), form.get("password")):
            return JSONResponse({"error": "invalid_grant", "error_description": "mauvais compte"}, 401)
        made = new_id()
        fake.tokens[made] = fake.token_life
        return JSONResponse({"access_token": made, "expires_in": 300})

    async def api(request: Request) -> Response:
        path = request.path_params["path"]
        sent, kind = await request.body(), request.headers.get("content-type", "")
        data, name, fields = b"", "", dict(request.query_params)
        body = None
        if kind.startswith("multipart/"):
            data, name, more = _form(sent, kind.partition("boundary=")[2])
            fields |= more
        elif sent:
            body = json.loads(sent)
        with fake.lock:
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            left = fake.tokens.get(bearer, 0)
            fake.tokens[bearer] = left - 1
            if left <= 0:
                return JSONResponse({"error": "unauthorized"}, 401)
            fake.asked.append((request.method, path))
            trouble = fake.hiccup(request.method, path)
            if trouble == "before":
                return Response("Bad Gateway", 502)
            try:
                answer = _answer(fake, request, path, (body, data, name, fields))
            except Refusal as refusal:
                told = {"error": "refus", "error_description": list(refusal.said)}
                return JSONResponse(told, refusal.code)
            if request.method != "GET":
                fake.watch(request.method, path)
            return Response("Bad Gateway", 502) if trouble == "after" else answer

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/token", token, methods=["POST"]),
            Route(f"/api/datastores/{DATASTORE}", lambda r: _guarded(fake, r), methods=["GET"]),
            Route(f"/api/datastores/{DATASTORE}/{{path:path}}", api, methods=methods),
        ]
    )


def _guarded(fake: Fake, request: Request) -> Response:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if fake.tokens.get(bearer, 0) <= 0:
        return JSONResponse({"error": "unauthorized"}, 401)
    return JSONResponse(fake.datastore())


def _answer(
    fake: Fake, request: Request, path: str, given: tuple[Any, bytes, str, dict[str, str]]
) -> Response:
    method = request.method
    if path == "processings":
        return _listed(fake, request, [{"name": n, "_id": i} for n, i in fake.processings.items()])
    for name, identifier in fake.processings.items():
        if path == f"processings/{identifier}":
            return JSONResponse({"name": name, "_id": identifier})
    for place, kind in _KINDS.items():
        if path == place and method == "GET":
            return _listed(fake, request, fake.of(kind))
        if path == place:
            return _made(fake, kind, given)
        if path.startswith(f"{place}/"):
            identifier, _, verb = path.removeprefix(f"{place}/").partition("/")
            if kind == "metadata" and identifier in ("publication", "unpublication"):
                fake.publish(given[0], away=identifier == "unpublication")
                return Response(status_code=204)
            return _done(fake, request, fake.get(kind, identifier), verb, given)
    raise Refusal(404, f"{method} {path} : route inconnue")


def _made(fake: Fake, kind: str, given: tuple[Any, bytes, str, dict[str, str]]) -> Response:
    body, data, _, fields = given
    if kind == "upload":
        return JSONResponse(_public(fake.create_upload(body)), 201)
    if kind == "execution":
        return JSONResponse(_public(fake.create_execution(body)), 201)
    if kind == "configuration":
        return JSONResponse(_public(fake.configure(body)), 201)
    if kind == "metadata":
        return JSONResponse(_public(fake.record(data, fields)), 201)
    raise Refusal(405, "méthode refusée")


def _done(
    fake: Fake,
    request: Request,
    thing: dict[str, Any],
    verb: str,
    given: tuple[Any, bytes, str, dict[str, str]],
) -> Response:
    body, data, name, fields = given
    kind, method = thing["#"], request.method
    match (kind, method, verb):
        case (_, "GET", ""):
            fake.advance(thing)
            if kind == "execution" and thing.get("#left") == 1:
                thing["status"] = "PROGRESS"
            return JSONResponse(_public(fake.get(kind, thing["_id"])))
        case (_, "DELETE", ""):
            fake.delete(thing)
        case (_, "POST", "tags"):
            thing["tags"] |= body
        case ("upload", "GET", "tree"):
            return JSONResponse(_tree(thing["#files"] | thing["#md5"]))
        case ("upload", "POST", "data"):
            fake.put_file(thing, "#files", fields.get("path", ""), data)
        case ("upload", "POST", "md5"):
            fake.put_file(thing, "#md5", name, data)
        case ("upload", "DELETE", "data" | "md5"):
            if thing[f"#{'files' if verb == 'data' else 'md5'}"].pop(fields["path"], None) is None:
                raise Refusal(404, "pas de fichier à cet emplacement")
        case ("upload", "POST", "close"):
            fake.close(thing)
        case ("upload", "GET", "checks"):
            states = {"WAITING": "asked", "PROGRESS": "in_progress", "SUCCESS": "passed", "FAILURE": "failed"}
            told: dict[str, list[Any]] = {key: [] for key in states.values()}
            for check in thing.get("#checks", ()):
                told[states[check["status"]]].append(_public(check))
            fake.advance(thing)
            return JSONResponse(told)
        case ("upload" | "stored_data" | "configuration", "GET", "comments"):
            return JSONResponse(thing.get("#comments", []))
        case ("upload" | "stored_data" | "configuration", "POST", "comments"):
            thing.setdefault("#comments", []).append(body)
        case ("check" | "execution", "GET", "logs"):
            return JSONResponse(thing["#log"], headers={"Content-Range": f"0-0/{max(1, len(thing['#log']))}"})
        case ("execution", "POST", "launch"):
            fake.launch(thing)
        case ("stored_data", "PATCH", ""):
            thing.update(body)
        case ("configuration", "PUT", ""):
            return JSONResponse(_public(fake.configure(body, thing)))
        case ("configuration", "GET", "offerings"):
            return _listed(fake, request, [o for o in fake.of("offering") if o["#conf"] == thing["_id"]])
        case ("configuration", "POST", "offerings"):
            return JSONResponse(_public(fake.offer(thing, body)), 201)
        case ("offering", "PUT", ""):
            fake.synchronise(thing)
        case ("metadata", "PUT", ""):
            return JSONResponse(_public(fake.record(data, {}, thing)))
        case ("metadata", "PATCH", ""):
            thing.update(body)
        case ("metadata", "GET", "file"):
            return Response(thing["#xml"], media_type="application/xml")
        case _:
            raise Refusal(404, f"{method} {kind} {verb} : route inconnue")
    return Response(status_code=204)


@contextmanager
def serving_entrepot(fake: Fake) -> Iterator[str]:
    """The address of the fake: `/api` and `/token` under it."""
    with running(_app(fake)) as url:
        yield url
