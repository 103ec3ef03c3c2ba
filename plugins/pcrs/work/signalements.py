"""What people say has changed: taken in with care, followed up in the open, gathered for the update."""

import hashlib
import hmac
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from pcrs.errors import InputError, TooLargeError, TooManyError
from pcrs.files import placing
from pcrs.standard.crs import BBox
from pcrs.store.signalements import Said, Signalement, Signalements, State

CATEGORIES: Mapping[str, tuple[str, str]] = {
    "voirie": ("voirie modifiée", "changed street"),
    "bati": ("bâtiment construit ou démoli", "building built or demolished"),
    "affleurant": ("affleurant ajouté, déplacé ou disparu", "cover added, moved or gone"),
    "mobilier": ("mobilier, arbre, clôture ou mur", "furniture, tree, fence or wall"),
    "position": ("objet ou image mal placé", "object or image out of place"),
    "image": ("image floue, ancienne ou manquante", "image blurred, old or missing"),
    "autre": ("autre", "other"),
}
"""Code, in French, in English."""
CELL_M = 200
MAX_TEXT = 2000
MAX_PHOTO = 12 * 2**20
_SIDE_PX = 2048
_PIXELS_MOST = 60_000_000
_LINKS_MOST = 2
_CONTACT = re.compile(r"[^@\s<>,;]{1,100}@[^@\s<>,;]{1,100}")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of signalements."""

    bounds: Callable[[], BBox]
    """Where they may lie, EPSG:2154."""
    an_hour: int
    """From one sender."""
    waiting: int
    """That nobody has looked at: beyond, no more are taken."""
    keep_days: int
    """After their end."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Where signalements are handed in and followed up."""

    store: Signalements
    photos: Path
    terms: Terms
    secret: bytes
    """With it senders are told apart, and nothing of them is kept."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def hand_in(
        self,
        category: str,
        text: str,
        place: tuple[float, float],
        *,
        sender: str,
        contact: str = "",
        photo: bytes = b"",
    ) -> tuple[Signalement, str]:
        """A signalement is taken in, with its author's key. `place`: EPSG:2154.

        Raises:
            InputError: something of it cannot be taken.
            TooLargeError: the photo is too large.
            TooManyError: too many were sent.
            StoreError: where they may lie is not known just now.
        """
        text = _checked_text(text)
        if category not in CATEGORIES:
            raise InputError(f"categorie {category[:40]!r}: expected one of {', '.join(CATEGORIES)}")
        x, y = place
        box = self.terms.bounds()
        if not (box.xmin <= x <= box.xmax and box.ymin <= y <= box.ymax):
            raise InputError("le lieu est hors du territoire / the place lies outside the territory")
        if contact and not _CONTACT.fullmatch(contact):
            raise InputError("courriel: expected an address like nom@exemple.fr")
        self._refuse_flood(sender)
        picture = cleaned(photo) if photo else b""
        said = Said(category, text, round(x, 2), round(y, 2), cell_of(x, y), contact, bool(picture))
        taken, key = self.store.add(said, self._mark(sender), now=self._now())
        if picture:
            with placing(self.photo(taken.id)) as part:
                part.write_bytes(picture)
        return taken, key

    def move(self, identifier: str, after: State, note: str) -> Signalement:
        """As `Signalements.move`."""
        return self.store.move(identifier, after, note.strip()[:MAX_TEXT], now=self._now())

    def erase(self, found: Iterable[Signalement]) -> int:
        """These are gone, with their photos. How many."""
        ids = [one.id for one in found]
        for identifier in ids:
            self.photo(identifier).unlink(missing_ok=True)
        self.store.erase(ids)
        return len(ids)

    def forget(self) -> int:
        """Those whose time is over are erased. How many."""
        before = self.clock().astimezone(UTC) - timedelta(days=self.terms.keep_days)
        return self.erase(self.store.old(before.isoformat(timespec="seconds")))

    def photo(self, identifier: str) -> Path:
        """Where the photo of a signalement is, when it has one."""
        return self.photos / f"{identifier}.jpg"

    def _refuse_flood(self, sender: str) -> None:
        hour_ago = (self.clock().astimezone(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
        if self.store.sent(self._mark(sender), hour_ago) >= self.terms.an_hour:
            raise TooManyError(
                f"{self.terms.an_hour} signalements par heure / an hour: come back later", 3600
            )
        if self.store.waiting() >= self.terms.waiting:
            raise TooManyError(
                "trop de signalements attendent d'être vus / too many wait: come back later", 86_400
            )

    def _mark(self, sender: str) -> str:
        """Tells senders of a day apart; from it nobody finds an address, nor the same one tomorrow."""
        day = self.clock().astimezone(UTC).date().isoformat()
        return hmac.new(self.secret, f"{day} {sender}".encode(), hashlib.sha256).hexdigest()[:16]

    def _now(self) -> str:
        return self.clock().astimezone(UTC).isoformat(timespec="seconds")


def cell_of(x_m: float, y_m: float) -> str:
    """The 200 m square of a place, named by its north-west corner as dalles are: `05760-63730`."""
    west, north = int(x_m // CELL_M) * CELL_M, -int(-y_m // CELL_M) * CELL_M
    return f"{west // 100:05d}-{north // 100:05d}"


def cleaned(photo: bytes) -> bytes:
    """The picture alone, upright, at a reasonable size: no place, date or device of whoever took it.

    Raises:
        InputError: it is no JPEG, PNG or WebP picture.
        TooLargeError: it has too many bytes or pixels.
    """
    if len(photo) > MAX_PHOTO:
        raise TooLargeError(f"photo: {len(photo)} bytes, {MAX_PHOTO} at the most")
    try:
        with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > _PIXELS_MOST:
                raise TooLargeError(f"photo: {opened.width} x {opened.height} px, {_PIXELS_MOST} at the most")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError("photo: expected a JPEG, PNG or WebP picture") from error
    upright.thumbnail((_SIDE_PX, _SIDE_PX))
    plain = Image.frombytes("RGB", upright.size, upright.tobytes())
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=85)
    return out.getvalue()


def _checked_text(text: str) -> str:
    text = "".join(char for char in text.strip() if char.isprintable() or char == "\n")
    if not 5 <= len(text) <= MAX_TEXT:
        raise InputError(f"texte: expected 5 to {MAX_TEXT} letters, got {len(text)}")
    if len(_LINK.findall(text)) > _LINKS_MOST:
        raise InputError(f"texte: {_LINKS_MOST} links at the most")
    return text


def updates(found: Iterable[Signalement]) -> list[tuple[str, BBox, int, dict[str, int]]]:
    """The year's update list: cells with what was said of them, the most spoken of first."""
    cells: dict[str, list[Signalement]] = {}
    for one in found:
        cells.setdefault(one.said.cell, []).append(one)
    rows = []
    for cell, said in cells.items():
        west, north = (int(part) * 100 for part in cell.split("-"))
        counts: dict[str, int] = {}
        for one in said:
            counts[one.said.category] = counts.get(one.said.category, 0) + 1
        rows.append((cell, BBox(west, north - CELL_M, west + CELL_M, north), len(said), counts))
    return sorted(rows, key=lambda row: (-row[2], row[0]))
