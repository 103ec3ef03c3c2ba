"""Cars: what they are like, and where they are parked."""

from collections.abc import Iterable
from math import pi

from pcrs.demo.village.curves import Frame
from pcrs.demo.village.dice import Dice
from pcrs.demo.village.things import Car, CarKind, Colour

_COLOURS: tuple[Colour, ...] = (
    (232, 233, 234), (226, 228, 230), (196, 199, 203), (150, 153, 158), (96, 99, 105), (50, 52, 57),
    (38, 40, 44), (148, 34, 34), (40, 72, 128), (78, 112, 158), (168, 160, 142), (62, 84, 70), (206, 120, 44),
)  # fmt: skip
_KINDS: tuple[CarKind, ...] = ("car", "car", "car", "car", "estate", "estate", "van")
_LENGTHS = {"car": 4.0, "estate": 4.55, "van": 5.1}


def car(dice: Dice, frame: Frame) -> Car:
    """A car of any kind and colour, more or less well parked at a frame, either way round."""
    kind = dice.pick(_KINDS)
    turn = (pi if dice.chance(0.5) else 0.0) + dice.around(0.0, 0.02)
    place = frame.shifted(dice.between(-0.3, 0.3), dice.between(-0.1, 0.1), turn)
    colour = _COLOURS[0] if kind == "van" else dice.pick(_COLOURS)
    return Car(place, _LENGTHS[kind] + dice.between(-0.2, 0.2), 2.0 if kind == "van" else 1.8, colour, kind)


def parked(dice: Dice, bays: Iterable[Frame], share: float) -> list[Car]:
    """Cars in a share of the bays."""
    return [car(dice, bay) for bay in bays if dice.chance(share)]
