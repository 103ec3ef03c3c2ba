"""BagIt (RFC 8493): the text of a bag's tag files, written and read. A bag itself is files under keys.

`<bag>/data/…` is the payload; `manifest-sha256.txt` names every file of it with its sha256, and
`tagmanifest-sha256.txt` the other tag files. `bagit.txt` is written last: without it there is no bag yet.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from pcrs.errors import InputError

DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAGMANIFEST = "tagmanifest-sha256.txt"
README = "lisez-moi.txt"
RECORDS = "metadata/objets.jsonl"
"""Our own tag file: one object of the inventory a line, so that a bag alone tells what is in it."""
PAYLOAD = "data/"
WIDE_PERCENT = "\uff05"
_LINE = re.compile(r"([0-9A-Fa-f]{64})\s+\*?(.+)")
_WRAP = 79


def payload_path(name: str) -> str:
    """Where a file lies in a bag. A percent sign becomes its full-width form.

    RFC 8493 writes % as %25 in manifests, but neither `bagit` nor `sha256sum --check` reads that back.
    """
    return PAYLOAD + name.replace("%", WIDE_PERCENT)


def declaration() -> bytes:
    """bagit.txt."""
    return b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def manifest_line(sha256: str, path: str) -> str:
    """One line of a manifest; the path is relative to the bag."""
    return f"{sha256}  {_encoded(path)}\n"


def manifest(entries: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """A manifest in pieces, of pairs of sha256 and path, in their order."""
    for sha256, path in entries:
        yield manifest_line(sha256, path).encode()


def tagmanifest(tags: Mapping[str, str]) -> bytes:
    """tagmanifest-sha256.txt, of the sha256 of each tag file by name, itself left out."""
    return b"".join(manifest((tags[name], name) for name in sorted(tags)))


def read_manifest(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of path and sha256 of a manifest.

    Raises:
        InputError: a line is none of a manifest.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip("\r\n"))
        if found is None:
            raise InputError(f"line {number} is none of a BagIt manifest: {line[:80]!r}")
        yield _decoded(found[2]), found[1].lower()


def info(fields: Sequence[tuple[str, str]]) -> bytes:
    """bag-info.txt: labels and values, long values on lines that go on with a blank."""
    return "".join(f"{label}: {_folded(label, value)}\n" for label, value in fields).encode()


def information(  # noqa: PLR0913  what RFC 8493 reserves
    name: str, day: date, octets: int, files: int, *, organisation: str, contact: str, chantier: str
) -> bytes:
    """bag-info.txt of one of our bags.

    Args:
        name: of the bag.
        day: when it was begun.
        octets: bytes of the payload.
        files: number of files of the payload.
        organisation: who keeps it.
        contact: a mailbox.
        chantier: that it is of.
    """
    return info(
        (
            ("Source-Organization", organisation),
            ("Contact-Email", contact),
            ("Bagging-Date", day.isoformat()),
            ("External-Identifier", name),
            ("External-Description", f"PCRS, chantier {chantier} : paquet d'archives (AIP, OAIS ISO 14721)"),
            ("Bag-Group-Identifier", chantier),
            ("Payload-Oxum", f"{octets}.{files}"),
        )
    )


def readme(name: str, chantier: str, organisation: str, kinds: Sequence[tuple[str, int, int]]) -> bytes:
    """lisez-moi.txt: what this is and how it is read in thirty years, without pcrs.

    `kinds` has label, number of files and bytes of each kind of the bag.
    """
    rows = "\n".join(
        f"  {count:>8}  {_octets(octets):>10}  {label}" for label, count, octets in sorted(kinds)
    )
    return _README.format(name=name, chantier=chantier, organisation=organisation, rows=rows).encode()


def sha256_of_bytes(data: bytes) -> str:
    """The sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _octets(count: int) -> str:
    size = float(count)
    for unit in ("o", "Ko", "Mo", "Go"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "o" else f"{size:.1f} {unit}".replace(".", ",")
        size /= 1000
    return f"{size:.1f} To".replace(".", ",")


def _encoded(path: str) -> str:
    """As RFC 8493, 2.1.3: percent, carriage return and line feed are percent-encoded, nothing else."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decoded(path: str) -> str:
    return re.sub(r"%(25|0[aAdD])", lambda found: chr(int(found[1], 16)), path)


def _folded(label: str, value: str) -> str:
    lines, width = [""], _WRAP - len(label) - 2
    for word in value.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
            width = _WRAP
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n  ".join(lines)


_README = """\
CECI EST UN PAQUET D'ARCHIVES — THIS IS AN ARCHIVE PACKAGE

Paquet     {name}
Chantier   {chantier}
Déposant   {organisation}

Données du Plan Corps de Rue Simplifié (PCRS), fond de plan à très grande échelle
des réseaux enterrés (arrêté du 15 février 2012). Coordonnées : RGF93 / Lambert-93
(EPSG:2154), altitudes IGN69, sauf indication contraire dans les fichiers.

Contenu du dossier data/ :

{rows}

Format : BagIt 1.0 (RFC 8493).
  data/                    les fichiers, tels qu'ils ont été reçus
  manifest-sha256.txt      l'empreinte SHA-256 de chacun
  tagmanifest-sha256.txt   l'empreinte des autres fichiers du paquet
  metadata/objets.jsonl    un objet par ligne (JSON) : chantier, nature, licence, emprise, date
  bag-info.txt             qui, quand, combien

Vérifier sans aucun logiciel particulier, dans ce dossier :
  sha256sum --check manifest-sha256.txt
  sha256sum --check tagmanifest-sha256.txt
(« % » dans un nom d'origine est devenu « ％ » ; metadata/objets.jsonl a le nom d'origine)

Restaurer : copier data/. La licence de chaque fichier est dans metadata/objets.jsonl :
« ouverte » (Licence Ouverte 2.0), « convention-enedis » ou « aplc » (accès réservé).

To check: sha256sum --check manifest-sha256.txt. To restore: copy data/.
"""
