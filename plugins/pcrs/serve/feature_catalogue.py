"""The feature catalogue of the vector model, at the address that its identifier leads to."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pcrs.publish.addresses import MODEL_CATALOGUE, Addresses
from pcrs.publish.feature_catalogue import feature_catalogue
from pcrs.serve.conditional import tagged
from pcrs.serve.context import Served
from pcrs.serve.parameters import closed


def routes(served: Served) -> list[Route]:
    """`/catalogue/CNIG_PCRS_v2.0.xml`, and the identifier under `/id/` that sends there."""
    at = Addresses(served.public_url, served.departement)

    async def document(request: Request) -> Response:
        return tagged(request, feature_catalogue(), "application/xml", {"Access-Control-Allow-Origin": "*"})

    async def identified(_request: Request) -> Response:
        return RedirectResponse(at.feature_catalogue, 303)

    found = [
        Route(f"/catalogue/{MODEL_CATALOGUE}.xml", document, methods=["GET"]),
        Route(f"/id/catalogue/{MODEL_CATALOGUE}", identified, methods=["GET"]),
    ]
    return closed(found)
