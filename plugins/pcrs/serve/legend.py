"""The legend of the maps: an orthophotograph has no symbols, so it tells the pixel and what white means."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from pcrs.standard.grid import DALLE_RES_M

SIZE = (300, 56)
"""Width and height in pixels."""
_BANDS = ("#c0392b", "#2e8b57", "#2e6da4")
_TEXT, _EDGE = "#1e1e1e", "#8a8a8a"
_BOX = (30, 18)


@lru_cache(maxsize=1)
def legend() -> Image.Image:
    """The legend of every layer, RGB."""
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)
    width, height = _BOX
    for row, text in enumerate((_natural(), "Blanc ou transparent : pas d'image")):
        left, top = 6, 6 + 26 * row
        if row == 0:
            for number, colour in enumerate(_BANDS):
                step = width / len(_BANDS)
                pen.rectangle(
                    (left + number * step, top, left + (number + 1) * step, top + height), fill=colour
                )
        pen.rectangle((left, top, left + width, top + height), outline=_EDGE)
        pen.text((left + width + 10, top + height / 2), text, fill=_TEXT, font=font, anchor="lm")
    return image


def _natural() -> str:
    return f"Couleurs naturelles, pixel de {DALLE_RES_M * 100:.0f} cm"
