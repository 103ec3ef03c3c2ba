"""What a verification may find, as findings that tell one fault from another."""

from dataclasses import dataclass

from pcrs.findings import Finding, Level
from pcrs.store.inventory_schema import CopyState


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: its code, what is said of it, and what a copy with it is."""

    code: str
    level: Level
    text: str
    """French, with the fields {what} and {more}."""
    state: CopyState | None = None
    """None: the copy itself is none the worse."""


ALTERED = FaultKind(
    "copy.altered", "error", "octets altérés à taille égale (support ou transfert défaillant)", "altérée"
)
LONGER = FaultKind("copy.longer", "error", "fichier plus long qu'à l'origine", "altérée")
TRUNCATED = FaultKind("copy.truncated", "error", "fichier tronqué", "tronquée")
ABSENT = FaultKind("copy.absent", "error", "fichier absent", "absente")
RENAMED = FaultKind("copy.renamed", "error", "fichier renommé ou déplacé", "absente")
SWAPPED = FaultKind("copy.swapped", "error", "ce fichier a le contenu d'un autre", "échangée")
UNREADABLE = FaultKind("copy.unreadable", "error", "lecture impossible", "illisible")
UNEXPECTED = FaultKind("copy.unexpected", "warning", "fichier inattendu : il n'est dans aucun inventaire")
MANIFEST = FaultKind("bag.manifest", "error", "manifeste périmé : il ne dit pas ce que contient le paquet")
TAG = FaultKind("bag.tag", "error", "fichier du paquet absent ou altéré")
CLOCK = FaultKind("copy.clock", "warning", "date dans le futur : une horloge est ou était fausse")
OFFLINE = FaultKind("copy.offline", "info", "hors ligne : à commander pour être relu")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one file of a target."""

    kind: FaultKind
    target: str
    key: str
    measured: str = ""
    expected: str = ""
    more: str = ""
    """Where its bytes are instead, for what was renamed or swapped; the bag, for a tag file."""

    @property
    def finding(self) -> Finding:
        """The fault as it is shown."""
        message = f"{self.kind.text} ({self.more})" if self.more else self.kind.text
        return Finding(
            self.kind.code,
            self.kind.level,
            message,
            f"{self.target}:{self.key}",
            measured=self.measured or None,
            expected=self.expected or None,
        )
