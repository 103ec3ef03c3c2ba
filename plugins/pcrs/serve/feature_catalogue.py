"""The feature catalogue of the vector model, at the address that its identifier leads to."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pcrs.publish.addresses import MODEL_CATALOGUE, Addresses
from pcrs.publish.feature_catalogue import feature_catalogue
from pcrs.serve.answers import KEPT_A_MINUTE, etag
from pcrs.serve.conditional import knows
from pcrs.serve.context import Served
from pcrs.serve.parameters import closed


def routes(served: Served) -> list[Route]:
    """`/catalogue/CNIG_PCRS_v2.0.xml`, and the identifier under `/id/` that sends there."""
    at = Addresses(served.public_url, served.departement)
    tag = etag(feature_catalogue()).decode()
    headers = {
        "ETag": tag,
        "Cache-Control": KEPT_A_MINUTE.decode(),
        "Access-Control-Allow-Origin": "*",
    }

    async def document(request: Request) -> Response:
        if knows(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(feature_catalogue(), headers=headers, media_type="application/xml")

    async def identified(_request: Request) -> Response:
        return RedirectResponse(at.feature_catalogue, 303)

    found = [
        Route(f"/catalogue/{MODEL_CATALOGUE}.xml", document, methods=["GET"]),
        Route(f"/id/catalogue/{MODEL_CATALOGUE}", identified, methods=["GET"]),
    ]
    return closed(found)
