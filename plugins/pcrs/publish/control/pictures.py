"""Pictures of a control report, as bytes in the page itself."""

import base64
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from pcrs.publish.control.result import Card
from pcrs.standard.crs import BBox

_MOSAIC_PX = 1100


def embedded(image: bytes) -> str:
    """A picture as an address that holds it: JPEG or PNG."""
    kind = "png" if image[:4] == b"\x89PNG" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def mosaic(cards: Sequence[Card], whole: BBox) -> bytes:
    """The small pictures of the dalles at their places: a JPEG of the box, white where there is none."""
    scale = _MOSAIC_PX / max(whole.width, whole.height)
    size = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
    canvas = Image.new("RGB", size, "white")
    for card in cards:
        if card.box is None or card.inspection is None:
            continue
        left, right = (round((x - whole.xmin) * scale) for x in (card.box.xmin, card.box.xmax))
        top, bottom = (round((whole.ymax - y) * scale) for y in (card.box.ymax, card.box.ymin))
        if right > left and bottom > top:
            with Image.open(BytesIO(card.inspection.thumb)) as thumb:
                canvas.paste(thumb.resize((right - left, bottom - top), Image.Resampling.BOX), (left, top))
    with BytesIO() as file:
        canvas.save(file, "JPEG", quality=80)
        return file.getvalue()
