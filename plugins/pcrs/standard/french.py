"""Numbers and lengths as French readers write them: decimal comma, spaces in thousands and before units."""

_SPACE = "\u202f"
"""A narrow space that keeps a number in one piece."""


def number(value: float, digits: int = 0) -> str:
    """`12 345,6` for 12345.6 with one digit; a minus sign where there is one, never `-0`."""
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.removeprefix("-")
    return text.replace(",", _SPACE).replace(".", ",").replace("-", "\u2212")


def percent(share: float) -> str:
    """A share from 0 to 1, three significant digits: `12,5 %`; below a thousandth of one: `< 0,001 %`."""
    if 0 < share < 1e-5:
        return f"<{_SPACE}0,001{_SPACE}%"
    return f"{share * 100:.3g}{_SPACE}%".replace(".", ",")


def centimetres(length_m: float, digits: int = 1) -> str:
    """A length given in metres: `27,2 cm`."""
    return f"{number(length_m * 100, digits)}{_SPACE}cm"


def octets(size: int) -> str:
    """A number of bytes: `1,25 Go`; units of a thousand."""
    for unit, bytes_ in (("To", 10**12), ("Go", 10**9), ("Mo", 10**6)):
        if size >= bytes_:
            return f"{number(size / bytes_, 2)}{_SPACE}{unit}"
    return f"{number(size / 1000)}{_SPACE}ko"


def packing(compression: str) -> str:
    """What a compression is called: `sans compression`, `jpeg`."""
    return "sans compression" if compression == "none" else compression


def count(amount: int, singular: str, plural: str = "") -> str:
    """`1 dalle`, `25 dalles`; zero is singular in French."""
    return f"{number(amount)}\u00a0{singular if abs(amount) < 2 else plural or singular + 's'}"
