"""The OpenAPI paths of OGC API Processes."""

from collections.abc import Mapping
from typing import Any

from pcrs.work.processing import Process

_Document = dict[str, Any]
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_JOB = {"name": "jobID", "in": "path", "required": True, "schema": {"type": "string"}}


def paths(processes: Mapping[str, Process]) -> _Document:
    """The paths, with the inputs of each process as they are judged."""
    limit = {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 9999, "default": 100},
    }
    own = {
        "name": "own",
        "in": "query",
        "description": "true: an administrator's own jobs alone",
        "schema": {"type": "boolean", "default": False},
    }
    found: _Document = {"/processes": {"get": _operation("getProcesses", "The processes", [limit])}}
    for process in processes.values():
        here = f"/processes/{process.id}"
        found[here] = {"get": _operation(f"get.{process.id}", process.title.en, [])}
        found[f"{here}/execution"] = {"post": _execution(process)}
    job = "/jobs/{jobID}"
    found["/jobs"] = {"get": _operation("getJobs", "The jobs of who asks", [own])}
    found[job] = {
        "get": _operation("getStatus", "Where a job is", [_JOB]),
        "delete": _operation("dismiss", "A job is given up, or its results taken away", [_JOB]),
    }
    found[f"{job}/results"] = {"get": _operation("getResult", "What came of a job", [_JOB])}
    return found


def _execution(process: Process) -> _Document:
    inputs = {
        "type": "object",
        "properties": {name: dict(each.schema) for name, each in process.inputs.items()},
        "required": [name for name, each in process.inputs.items() if each.required],
        "additionalProperties": False,
    }
    if not inputs["required"]:
        del inputs["required"]
    body = {"type": "object", "properties": {"inputs": inputs}, "required": ["inputs"]}
    operation = _operation(f"execute.{process.id}", process.description.en, [])
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    operation["responses"]["201"] = {"description": "A job was made", "content": _OBJECT}
    return operation


def _operation(name: str, summary: str, parameters: list[_Document]) -> _Document:
    responses: _Document = {"200": {"description": summary, "content": _OBJECT}}
    for status in ("400", "404", "503"):
        responses[status] = {"$ref": "#/components/responses/Problem"}
    said = {"operationId": name, "summary": summary, "tags": ["processes"]}
    return said | {"parameters": parameters, "responses": responses}
