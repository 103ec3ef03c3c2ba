"""What a client says that it takes: the choices of Accept and Accept-Language, with their weights."""

from collections.abc import Iterable

from pcrs.errors import PcrsError


class NotAcceptableError(PcrsError):
    """The Accept header asks for nothing that is served."""

    status = 406

    def __init__(self, accept: str, served: Iterable[str]) -> None:
        super().__init__(f"Accept: {accept} asks for nothing that is served: {', '.join(served)}")


def weights(header: str) -> list[tuple[str, float]]:
    """The choices of a header in lower case and its order, with their weights; odd ones weigh nothing."""
    found = []
    for choice in header.split(","):
        name, *parameters = (part.strip().lower() for part in choice.split(";"))
        if name:
            quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
            found.append((name, _number(quality)))
    return found


def _number(quality: str) -> float:
    try:
        weight = float(quality)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def preferred(accept: str) -> list[str]:
    """The media types of an Accept header without their parameters, the preferred one first."""
    wanted = [(name, weight) for name, weight in weights(accept or "*/*") if weight > 0]
    return [name for name, _ in sorted(wanted, key=lambda choice: -choice[1])]


def weight_of(offers: Iterable[tuple[str, float]], media_type: str) -> float:
    """How much a media type is wanted, by its name or by a wildcard; `offers` as `weights` gives them."""
    ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    best = [[weight for name, weight in offers if name == wanted] for wanted in ranges]
    return next((max(found) for found in best if found), 0.0)
