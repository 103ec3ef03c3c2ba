"""A refusal in the words of the service that was asked: 401, 403 and 429."""

from pcrs.serve.answers import Answer, Scope
from pcrs.serve.csw_faults import CswFault, Version
from pcrs.serve.ows import XML, OwsError, exception_report, parameters, service_exception
from pcrs.serve.problems import PROBLEM, problem_body
from pcrs.serve.wms_request import spoken_version

_SE_XML = "application/vnd.ogc.se_xml"


def refusal(scope: Scope, status: int, reason: str, *, shown: bool = False, wait_s: int = 0) -> Answer:
    """The answer to a request that is refused; `shown`: it showed a token. `wait_s`: when to come again."""
    headers: list[tuple[bytes, bytes]] = [(b"vary", b"Authorization")]
    if status == 401:
        error = b', error="invalid_token"' if shown else b""
        headers.append((b"www-authenticate", b'Bearer realm="pcrs"' + error))
    if wait_s:
        headers.append((b"retry-after", b"%d" % wait_s))
    body, media_type = _written(scope, status, reason)
    return Answer(body, media_type, status, kept=False, headers=tuple(headers))


def _written(scope: Scope, status: int, reason: str) -> tuple[bytes, str]:
    fault = OwsError("NoApplicableCode", "", reason, status)
    match scope["path"].strip("/").partition("/")[0]:
        case "wmts":
            return exception_report(fault), XML
        case "wms":
            version = _version(scope)
            return service_exception(fault, version), XML if version == "1.3.0" else _SE_XML
        case "csw":
            spoken: Version = "2.0.2" if b"2.0.2" in scope["query_string"] else "3.0.0"
            return CswFault("NoApplicableCode", "", reason).report(spoken), XML
    return problem_body(status, reason), PROBLEM


def _version(scope: Scope) -> str:
    try:
        return spoken_version(parameters(scope["query_string"]))
    except OwsError:
        return "1.3.0"
