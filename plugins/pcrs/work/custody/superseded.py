"""Dalles that nothing shows any more: their compressed files go, their masters stay.

A corrected dalle lies over the version before it in the same edition. When the newer one has no no-data
pixel, nothing of the older one is seen, in that edition or a later one, and earlier editions do not have it.
"""

from collections.abc import Iterator

from rasterio.enums import MaskFlags

from pcrs.errors import PcrsError
from pcrs.raster.open import open_raster
from pcrs.store.index import Dalle
from pcrs.work.custody.keeping import TIER, Keeping
from pcrs.work.custody.lifecycle import Going, Gone, LetGo, short_of
from pcrs.work.means import Means
from pcrs.work.tiers import raster_of


def superseded(means: Means, rule: LetGo, before: str) -> Iterator[tuple[Going, Dalle]]:
    """The dalles that were hidden before a date (ISO), with what a plan says of them."""
    top: dict[tuple[str, int, int, int], Dalle] = {}
    shown = means.index.shown(max(means.index.editions(), default=""))
    for dalle in reversed(shown):
        place = (dalle.edition, dalle.x_m, dalle.y_m, dalle.size_m)
        over = top.setdefault(place, dalle)
        if over is not dalle and over.accepted <= before[:10] and _is_full(means, over):
            key = means.tiers.hot_dalle(dalle.edition, dalle.stem).key
            yield Going(rule, "courant", key, 1, dalle.hot_bytes, over.accepted), dalle


def _is_full(means: Means, dalle: Dalle) -> bool:
    """True when the dalle has no no-data pixel; its master would have a mask."""
    kept = means.tiers.master(dalle.edition, dalle.stem)
    try:
        with open_raster(raster_of(kept)) as dataset:
            return MaskFlags.per_dataset not in dataset.mask_flag_enums[0]
    except PcrsError:
        return False


def retire(keeping: Keeping, means: Means, rule: LetGo, before: str) -> Gone:
    """The compressed files of hidden dalles are gone, where the tier and enough others have their masters."""
    told = Gone()
    for going, dalle in list(superseded(means, rule, before)):
        key = means.tiers.master(dalle.edition, dalle.stem).key
        copy = keeping.inventory.copy(TIER, key)
        short = (
            short_of(keeping, keeping.inventory.object(copy.object), rule.keep)
            if copy is not None
            else f"{key} : inconnu de l'inventaire ; pcrs archive d'abord"
        )
        if short:
            told.kept.append((going, short))
            continue
        means.index.retire(dalle, keeping.now()[:10])
        means.tiers.hot.delete(going.name)
        keeping.log("retirée", "courant", going.name, detail=f"dalle remplacée, {going.bytes} octets")
        told.done.append(going)
    return told
