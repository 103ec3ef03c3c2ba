"""The blocks of a record that dataset and service records share: a value for each, and the way it is written.

Shapes and exact words are those that the INSPIRE validator and the French harvesters compare
(`shared/reference/geoplateforme.md` §1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pcrs.publish.elements import Element, anchor, citation, code, dated, node, text

NO_LIMITATIONS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations"
SERVICE_TYPES = "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceType"
ACCESS_POINT = "http://inspire.ec.europa.eu/metadata-codelist/OnLineDescriptionCode/accessPoint"
OPEN_TO_ALL = "Pas de restriction d’accès public selon INSPIRE"
_PROFILES = {"view": "Service de consultation", "download": "Service de téléchargement"}


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword or a title, linked to the register that defines it when there is one."""

    label: str
    href: str = ""

    def element(self, name: str) -> Element:
        """The word under `name`."""
        return anchor(name, self.href, self.label) if self.href else text(name, self.label)


@dataclass(frozen=True, slots=True)
class Keywords:
    """Words of one vocabulary; without a thesaurus they are free keywords."""

    words: tuple[Word, ...]
    thesaurus: Word | None = None
    published: date | None = None

    def element(self) -> Element:
        """The gmd:descriptiveKeywords block."""
        source = None
        if self.thesaurus is not None and self.published is not None:
            title = self.thesaurus.element("gmd:title")
            source = citation("gmd:thesaurusName", title, dated(self.published, "publication"))
        return node(
            "gmd:descriptiveKeywords",
            node(
                "gmd:MD_Keywords",
                [word.element("gmd:keyword") for word in self.words],
                code("gmd:type", "MD_KeywordTypeCode", "theme"),
                source,
            ),
        )


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence, and the mention that it requires of whoever uses the data."""

    title: str
    href: str
    """Empty: what holds is only told in words."""
    mention: str
    access: Word = Word(OPEN_TO_ALL, NO_LIMITATIONS)
    """From the register of limitations on public access."""

    def elements(self) -> list[Element]:
        """Three blocks, never fewer: public access, use, licence.

        Sharing one block fails 30 % of the French records.
        """

        def block(*parts: Element) -> Element:
            return node("gmd:resourceConstraints", node("gmd:MD_LegalConstraints", *parts))

        return [
            block(
                code("gmd:accessConstraints", "MD_RestrictionCode", "otherRestrictions"),
                self.access.element("gmd:otherConstraints"),
            ),
            block(
                code("gmd:useConstraints", "MD_RestrictionCode", "otherRestrictions"),
                Word(self.title, self.href).element("gmd:otherConstraints"),
            ),
            block(
                text("gmd:useLimitation", self.mention),
                code("gmd:useConstraints", "MD_RestrictionCode", "license"),
            ),
        ]


@dataclass(frozen=True, slots=True)
class Extent:
    """Where and when: degrees of longitude and latitude, first and last day."""

    west: float
    south: float
    east: float
    north: float
    place: str
    period: tuple[date, date] | None = None

    def element(self, name: str, identifier: str) -> Element:
        """The extent under `name`; `identifier` makes the id of the period."""
        sides = (("west", "Longitude"), ("east", "Longitude"), ("south", "Latitude"), ("north", "Latitude"))
        box = node(
            "gmd:EX_GeographicBoundingBox",
            [
                node(f"gmd:{side}Bound{axis}", node("gco:Decimal", f"{getattr(self, side):.5f}"))
                for side, axis in sides
            ],
        )
        return node(
            name,
            node(
                "gmd:EX_Extent",
                text("gmd:description", self.place),
                node("gmd:geographicElement", box),
                self._period(identifier),
            ),
        )

    def _period(self, identifier: str) -> Element | None:
        if self.period is None:
            return None
        begin, end = self.period
        period = node(
            "gml:TimePeriod",
            node("gml:beginPosition", begin.isoformat()),
            node("gml:endPosition", end.isoformat()),
            attributes={"gml:id": f"t_{identifier}"},
        )
        extent = node("gmd:EX_TemporalExtent", node("gmd:extent", period))
        return node("gmd:temporalElement", extent)


@dataclass(frozen=True, slots=True)
class Link:
    """One address for one audience: validators read anchored protocols, QGIS and cartes.gouv.fr plain ones.

    No comma in `name` nor `description`: catalogues that keep links as comma-separated fields shift them.
    """

    url: str
    protocol: Word
    name: str
    description: str
    function: Literal["information", "download"] = "information"
    profile: Literal["view", "download"] | None = None
    """Set for INSPIRE: the link is then an access point of a service of that type."""
    of_files: bool = False
    """True when it leads to the files whose size the record tells."""

    def element(self) -> Element:
        """The gmd:CI_OnlineResource, children in schema order."""
        profile = None
        described = text("gmd:description", self.description)
        if self.profile is not None:
            label = _PROFILES[self.profile]
            profile = anchor("gmd:applicationProfile", f"{SERVICE_TYPES}/{self.profile}", label)
            described = anchor("gmd:description", ACCESS_POINT, "accessPoint")
        return node(
            "gmd:CI_OnlineResource",
            node("gmd:linkage", node("gmd:URL", self.url)),
            self.protocol.element("gmd:protocol"),
            profile,
            text("gmd:name", self.name),
            described,
            code("gmd:function", "CI_OnLineFunctionCode", self.function),
        )


NO_VERSION = "inapplicable"
"""What stands for the version of an encoding that has none."""


@dataclass(frozen=True, slots=True)
class Format:
    """An encoding: its name and version, or `NO_VERSION`."""

    name: str
    version: str


def distribution(formats: Sequence[Format], links: Sequence[Link], octets: int = 0) -> Element:
    """The gmd:distributionInfo block.

    Links to whole files are apart, with the size of these in megabytes: catalogues give the size that they
    find to every link beside it.
    """
    of_files = [link for link in links if link.of_files and octets]
    others = [link for link in links if link not in of_files]
    size = node("gmd:transferSize", node("gco:Real", f"{octets / 1e6:.1f}"))
    return node(
        "gmd:distributionInfo",
        node(
            "gmd:MD_Distribution",
            [
                node(
                    "gmd:distributionFormat",
                    node("gmd:MD_Format", text("gmd:name", f.name), text("gmd:version", f.version)),
                )
                for f in formats
            ],
            _transfer(None, others) if others else None,
            _transfer(size, of_files) if of_files else None,
        ),
    )


def _transfer(size: Element | None, links: Sequence[Link]) -> Element:
    online = [node("gmd:onLine", link.element()) for link in links]
    return node("gmd:transferOptions", node("gmd:MD_DigitalTransferOptions", size, online))
