"""The block of quality of a record: verdicts, precision, lineage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pcrs.publish.blocks import Word
from pcrs.publish.elements import Element, citation, code, dated, node, text

_METRE = "urn:ogc:def:uom:EPSG::9001"


@dataclass(frozen=True, slots=True)
class Conformity:
    """What the resource was held against, and the verdict: true or false, never "not evaluated"."""

    specification: Word
    published: date
    passed: bool
    explanation: str

    def element(self) -> Element:
        """The gmd:report block."""
        title = self.specification.element("gmd:title")
        result = node(
            "gmd:DQ_ConformanceResult",
            citation("gmd:specification", title, dated(self.published, "publication")),
            text("gmd:explanation", self.explanation),
            node("gmd:pass", node("gco:Boolean", "true" if self.passed else "false")),
        )
        return node("gmd:report", node("gmd:DQ_DomainConsistency", node("gmd:result", result)))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The class of planimetric precision: its upper bound in metres, and how it is known."""

    bound_m: float
    method: str

    def element(self) -> Element:
        """The gmd:report block."""
        result = node(
            "gmd:DQ_QuantitativeResult",
            node("gmd:valueUnit", attributes={"xlink:href": _METRE}),
            node("gmd:value", node("gco:Record", f"{self.bound_m:.2f}")),
        )
        return node(
            "gmd:report",
            node(
                "gmd:DQ_AbsoluteExternalPositionalAccuracy",
                text("gmd:nameOfMeasure", "Classe de précision planimétrique (arrêté du 16 septembre 2003)"),
                text("gmd:evaluationMethodDescription", self.method),
                node("gmd:result", result),
            ),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the lineage, and the day on which it was done."""

    description: str
    day: date

    def element(self) -> Element:
        """The gmd:processStep block."""
        moment = node("gmd:dateTime", node("gco:DateTime", f"{self.day.isoformat()}T00:00:00Z"))
        step = node("gmd:LI_ProcessStep", text("gmd:description", self.description), moment)
        return node("gmd:processStep", step)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where the data come from: in words, then step by step."""

    statement: str
    steps: tuple[Step, ...] = ()

    def element(self) -> Element:
        """The gmd:lineage block: one statement, whatever the number of steps."""
        steps = [step.element() for step in self.steps]
        return node("gmd:lineage", node("gmd:LI_Lineage", text("gmd:statement", self.statement), steps))


def quality(
    level: str, reports: Sequence[Conformity], lineage: Lineage | None, accuracy: Accuracy | None = None
) -> Element:
    """The one gmd:dataQualityInfo block of a record; a service also says its level in words."""
    described = None
    if level == "service":
        other = node("gmd:MD_ScopeDescription", text("gmd:other", "service"))
        described = node("gmd:levelDescription", other)
    return node(
        "gmd:dataQualityInfo",
        node(
            "gmd:DQ_DataQuality",
            node(
                "gmd:scope",
                node("gmd:DQ_Scope", code("gmd:level", "MD_ScopeCode", level), described),
            ),
            [report.element() for report in reports],
            accuracy.element() if accuracy is not None else None,
            lineage.element() if lineage is not None else None,
        ),
    )
