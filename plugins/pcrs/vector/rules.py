"""The rules on one object, geometry left out: each is a function of its `RawObject`, in a module of its kind.

An `error` refuses the object, and only it; a `warning` and an `info` do not. What only the whole document
tells (`gml:id` seen twice, links without a target, objects that stand twice) is judged elsewhere:
`pcrs.vector.gml` while reading, `pcrs.vector.check` over many objects at once.
"""

from collections.abc import Callable, Iterator

from pcrs.findings import Finding
from pcrs.vector.form_rules import (
    identified,
    in_order,
    instantiable,
    known_elements,
    known_xml_attributes,
    not_repeated,
    required,
    simple_content,
)
from pcrs.vector.link_rules import linked, nested_class
from pcrs.vector.parse import RawObject
from pcrs.vector.plausible_rules import RASTER, TEXTS, measured, precise, resolved_by_pixel
from pcrs.vector.value_rules import enumerated, lexical, thematic

RULES: tuple[Callable[[RawObject], Iterator[Finding]], ...] = (
    instantiable,
    identified,
    known_elements,
    known_xml_attributes,
    required,
    not_repeated,
    in_order,
    simple_content,
    enumerated,
    lexical,
    linked,
    nested_class,
    thematic,
    precise,
    resolved_by_pixel,
    measured,
)

OF_VALUES = (enumerated, lexical, thematic, precise, measured)
"""Those that look at one value at a time, and at the class: of a string only when its name is in `TEXTS`."""
ACROSS = (RASTER,)
"""Classes with rules that hold one value against another."""
__all__ = ["ACROSS", "OF_VALUES", "RULES", "TEXTS", "check"]


def check(raw: RawObject) -> list[Finding]:
    """What every rule finds on one object, geometry left out."""
    return [finding for rule in RULES for finding in rule(raw)]
