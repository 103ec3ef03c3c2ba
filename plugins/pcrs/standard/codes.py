"""The code lists of CNIG PCRS v2.0, and the colours of networks.

Codes are those of the XSD; French labels are those of the standard (CNIG_RTGE_PCRS_v2.0_r1, § B.3.40).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

_OTHER = "other: "
_NOT_WORD = frozenset("PZC")
"""What `\\w` leaves out in XML Schema: punctuation (the underscore too), separators, others."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """One enumeration: codes and their French labels, in ascending order.

    An open list (`closed` is false) also takes `other: ` and one word of two letters or more.
    """

    name: str
    closed: bool
    values: Mapping[str, str]

    @property
    def pattern(self) -> str | None:
        """What an open list takes beside its codes, as the XSD writes it; None for a closed list."""
        return None if self.closed else r"other: \w{2,}"

    @property
    def expected(self) -> str:
        """Every value that `accepts` takes, for a message."""
        codes = ", ".join(self.values)
        return codes if self.closed else f"{codes}, ou « other: » suivi d'un mot"

    def accepts(self, value: str) -> bool:
        """True when the XSD takes `value` (spaces count: `xs:string` keeps them)."""
        if value in self.values:
            return True
        word = value.removeprefix(_OTHER)
        if self.closed or word == value or len(word) < 2:
            return False
        return all(unicodedata.category(letter)[0] not in _NOT_WORD for letter in word)

    def label(self, value: str) -> str:
        """The French label of a code; the word itself after `other: `; an unknown value as it is."""
        return self.values.get(value) or value.removeprefix(_OTHER)


class Colour(NamedTuple):
    """The colour of a network: its name in NF P 98-332 and a screen value (`#RRGGBB`)."""

    name: str
    rgb: str


def _closed(name: str, **codes: str) -> CodeList:
    return CodeList(name, True, MappingProxyType(_codes(codes)))


def _open(name: str, **codes: str) -> CodeList:
    return CodeList(name, False, MappingProxyType(_codes(codes)))


def _codes(written: Mapping[str, str]) -> dict[str, str]:
    """Codes that start with a digit are no Python names: they are written with `_` before them."""
    return {code.removeprefix("_"): label for code, label in written.items()}


_LISTS = (
    _open(
        "CalendrierPCRSType",
        _01="Livré, mis à disposition",
        _02="Actualisation en cours",
        _03="En projet, planifié",
        _04="Non planifié",
    ),
    _closed(
        "CategorieMurPCRSType",
        _01="Mur",
        _02="Mur de soutènement",
        _03="Mur bahut",
        _04="Mur bahut avec clôture",
        _05="Parapet",
        _06="Enrochement",
    ),
    _closed(
        "CategoriePlacementPCRSType",
        _01="Sans repositionnement",
        _02="Axe voirie",
        _03="Limite voirie",
        _04="Hors voirie",
        _05="Parcelle",
    ),
    _closed(
        "CategoriePrecisionPCRSType",
        _002="moins de 2 cm",
        _005="de 2 à 5 cm",
        _010="de 5 à 10 cm",
        _040="de 10 à 40 cm",
        _150="de 40 à 150 cm",
        _999="au-delà de 150 cm",
    ),
    _closed(
        "CategorieThematiquePCRSType",
        _00="À déterminer",
        _01="Topographie",
        _02="Bâti",
        _03="Voirie",
        _04="Ferroviaire",
        _05="Clôture",
        _06="Végétal",
        _07="Ouvrage d'art",
        _08="Hydrographie",
        _09="Orographie",
        _10="Affleurant",
        _11="Raster",
        _99="Non définie",
    ),
    _open(
        "NatureAffleurantPCRSType",
        _01="Avaloir",
        _02="Boîte, coffret, armoire",
        _03="Tampon, plaque, chambre",
        _04="Branchement, vanne, bouche à clé",
        _05="Bouche incendie, poteau incendie",
        _06="Poteau",
        _07="Poteau d'éclairage",
    ),
    _closed(
        "NatureEmprisePCRSType",
        _01="Couloir",
        _02="Opération",
        _03="Carreau",
        _04="Limite administrative",
        _05="Raster",
        _06="Masque",
    ),
    _open(
        "NatureReseauPCRSType",
        _00="Non défini",
        AEP="Eau potable",
        ASSA="Assainissement et pluvial",
        ASSAEP="Eaux pluviales",
        ASSAEU="Eaux usées",
        ASSARU="Réseau unitaire",
        CHAU="Chauffage et climatisation",
        CHIM="Produits chimiques",
        COM="Télécom",
        DECH="Déchets",
        ELEC="Électricité",
        ELECBT="Électricité basse tension",
        ELECECL="Éclairage public",
        ELECHT="Électricité haute tension",
        ELECSLT="Signalisation lumineuse tricolore",
        GAZ="Gaz",
        INCE="Incendie",
        MULT="Multi-réseaux",
    ),
    _closed("ProprieteEspaceType", _01="Espace public", _02="Espace privé"),
    _open(
        "QualiteCategorisationPCRSType",
        _01="Très fiable / conforme PCRS",
        _02="Moyennement fiable",
        _03="Peu fiable",
    ),
    _closed(
        "SectionPilierPCRSType",
        _00="Pilier à autre forme de section",
        _01="Pilier carré",
        _02="Pilier circulaire",
        _03="Pilier rectangulaire",
    ),
    _closed("TexteJustificationPCRSType", C="Centré", D="Droite", G="Gauche"),
)

CODES: Mapping[str, CodeList] = MappingProxyType({codes.name: codes for codes in _LISTS})
"""The twelve code lists by name; the XSD calls each of them so, with one more `Type` at the end."""

_UNDEFINED = Colour("non défini", "#828282")
_FAMILIES = MappingProxyType(
    {
        "AEP": Colour("bleu", "#0000FF"),
        "ASSA": Colour("marron", "#7D4900"),
        "CHAU": Colour("violet", "#640064"),
        "CHIM": Colour("orange", "#FF6400"),
        "COM": Colour("vert", "#00FF00"),
        "ELEC": Colour("rouge", "#FF0000"),
        "GAZ": Colour("jaune", "#FFFF00"),
        "INCE": Colour("bleu", "#0000FF"),
        "MULT": Colour("rose", "#FF008B"),
    }
)


def _colour(code: str) -> Colour:
    """Sub-codes (`ELECBT`) have the colour of their family."""
    families = (colour for family, colour in _FAMILIES.items() if code.startswith(family))
    return next(families, _UNDEFINED)


NETWORK_COLOURS: Mapping[str, Colour] = MappingProxyType(
    {code: _colour(code) for code in CODES["NatureReseauPCRSType"].values}
)
"""The colour of every network code of the standard.

The names are those of NF P 98-332; the screen values are La Rochelle's choice, which the field took over.
"""


def network_colour(code: str) -> Colour:
    """The colour of a `NatureReseauPCRSType` value; grey for what the standard does not name."""
    return NETWORK_COLOURS.get(code, _UNDEFINED)
