"""`/metrics`: the figures of a site in the text format of Prometheus."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pcrs.store.use import BOUNDS_S, Use

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_RSS_FIELD = 1


Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that goes up and down."""

    name: str
    help: str
    values: Mapping[Labels, float]


def route(use: Use, gauges: Callable[[], Iterable[Gauge]]) -> Route:
    """The address. `gauges` tells of the site as it is now; who may ask is the gate's business."""

    def metrics(_request: Request) -> Response:
        return Response(text(use, gauges()), media_type=_TYPE, headers={"Cache-Control": "no-store"})

    return Route("/metrics", metrics, methods=["GET"])


def text(use: Use, gauges: Iterable[Gauge]) -> str:
    """Counters since the beginning, of all processes; gauges; the memory of this process."""
    lines: list[str] = []
    totals = use.totals()
    for place, (name, told) in enumerate((("requests", "Requests answered"), ("sent_bytes", "Bytes sent"))):
        _head(lines, f"pcrs_{name}_total", told, "counter")
        for kind, counted in totals.items():
            labels = tuple(kind._asdict().items())
            lines.append(f"pcrs_{name}_total{_labels(labels)} {counted[place]}")
    _durations(lines, use)
    for gauge in (
        *gauges,
        Gauge("pcrs_resident_bytes", "Memory of the process that answers", {(): _resident()}),
    ):
        _head(lines, gauge.name, gauge.help, "gauge")
        lines += [f"{gauge.name}{_labels(labels)} {value:.15g}" for labels, value in gauge.values.items()]
    return "\n".join(lines) + "\n"


def _durations(lines: list[str], use: Use) -> None:
    name = "pcrs_request_seconds"
    _head(
        lines,
        name,
        "Seconds until the last byte was handed over; native tiles are too quick to be timed",
        "histogram",
    )
    for service, (classes, seconds) in use.durations().items():
        below = 0
        for bound, requests in zip((*map(str, BOUNDS_S), "+Inf"), classes, strict=True):
            below += requests
            lines.append(f"{name}_bucket{_labels((('service', service), ('le', bound)))} {below}")
        lines.append(f"{name}_sum{_labels((('service', service),))} {seconds:.6f}")
        lines.append(f"{name}_count{_labels((('service', service),))} {below}")


def _head(lines: list[str], name: str, told: str, kind: str) -> None:
    lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _resident() -> float:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return float(file.read().split()[_RSS_FIELD]) * _PAGE
    except OSError:
        return 0.0
