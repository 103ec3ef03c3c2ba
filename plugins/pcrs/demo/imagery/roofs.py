"""Roofs seen from above: tiled slopes lit by the sun, ridges, gutters, chimneys, panels."""

from functools import lru_cache
from math import ceil, cos, floor, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pcrs.demo.imagery.sprites import PX_PER_M, SHADOW, SUN, Sprite, from_image, shade, to_px
from pcrs.demo.village.things import Roof, RoofCover

_SIZE = 1024
_PAD = 3
_SEEDS: dict[RoofCover, int] = {"tile": 1, "slate": 2, "metal": 3, "gravel": 4}
Field = NDArray[np.float32]


@lru_cache(maxsize=4)
def _cover(kind: RoofCover) -> Field:
    """Relative brightness of a covering, (along the slope, along the ridge), around 1."""
    rng = np.random.default_rng(_SEEDS[kind])
    v, u = np.mgrid[0:_SIZE, 0:_SIZE]
    noise = rng.standard_normal((_SIZE, _SIZE))
    if kind == "gravel":
        return np.asarray(1.0 + 0.05 * noise, np.float32)
    if kind == "metal":
        ribs = np.where(np.mod(u, 20.0) < 2.0, 0.86, 1.0) + 0.03 * np.sin(u * 2 * pi / 10.0)
        return np.asarray(ribs + 0.015 * noise, np.float32)
    period, course, wave = (4.4, 7.0, 0.10) if kind == "tile" else (5.0, 4.0, 0.02)
    shape = (int(_SIZE / course) + 2, int(_SIZE / period) + 2)
    tiles = rng.normal(0.0, 0.042, shape) + rng.normal(0.0, 0.035, shape[1])
    tiles += np.where(rng.random(shape) < 0.03, rng.choice((-0.16, 0.12), shape), 0.0)
    each = tiles[(v / course).astype(int), (u / period).astype(int)]
    lap = np.where(np.mod(v, course) < 1.2, -0.05, 0.0)
    coarse = Image.fromarray(rng.standard_normal((26, 26)).astype(np.float32))
    moss = np.asarray(coarse.resize((_SIZE, _SIZE), Image.Resampling.BICUBIC)) * 0.05
    return np.asarray(1.0 + wave * np.cos(u * 2 * pi / period) + each + lap + moss, np.float32)


def _light(roof: Roof, toward: float, slope: float) -> float:
    """Brightness of a slope that falls towards the direction `toward` (radians in the roof's frame)."""
    world = roof.frame.angle + toward
    steep = float(np.hypot(1.0, slope))
    lit = (slope * (cos(world) * SUN[0] + sin(world) * SUN[1]) + SUN[2]) / steep
    return 0.44 + 0.66 * max(0.0, lit)


def _pixels(h: int, w: int) -> tuple[Field, Field]:
    """Distances from the top and from the left, at the middles of pixels."""
    v, u = np.mgrid[0:h, 0:w].astype(np.float32) + np.float32(0.5)
    return v, u


def _facets(roof: Roof, h: int, w: int) -> Field:
    """The light on each pixel, and -1 in sign where the slope falls along the ridge (hips)."""
    v, u = _pixels(h, w)
    slope = 2.0 * (roof.ridge - roof.eaves) / roof.width
    left, right, front, back = (_light(roof, toward, slope) for toward in (pi / 2, -pi / 2, 0.0, pi))
    light = np.where(v < h / 2, left, right)
    if roof.form == "hip":
        hip = np.minimum(u, w - u) < np.minimum(v, h - v)
        light = np.where(hip, np.where(u > w / 2, -front, -back), light)
    return np.asarray(np.ones_like(light) if roof.form == "flat" else light, np.float32)


def _ridges(roof: Roof, h: int, w: int) -> NDArray[np.bool_]:
    """Where the ridge tiles lie."""
    v, u = _pixels(h, w)
    ridge = np.abs(v - h / 2) < 1.6
    if roof.form == "hip":
        along, across = np.minimum(u, w - u), np.minimum(v, h - v)
        ridge = (ridge & (along >= h / 2 - 1)) | (np.abs(along - across) < 1.3)
    return np.asarray(ridge & (roof.form != "flat"))


def _sloped(roof: Roof, h: int, w: int) -> NDArray[np.uint8]:
    """The roof's colours (h, w, 3), u to the right, v upwards."""
    light = _facets(roof, h, w)
    place = int(abs(roof.frame.x * 31 + roof.frame.y * 57))
    top, left = place % (_SIZE - h), place % (_SIZE - w)
    cut = np.s_[top : top + h, left : left + w]
    cover = _cover(roof.cover)
    relief = np.where(light < 0, cover.T[cut], cover[cut]) * np.abs(light)
    relief = np.where(_ridges(roof, h, w), relief * 0.35 + 0.72, relief)
    relief[:2] = relief[-2:] = 0.82
    return np.asarray(np.clip(relief[..., None] * np.asarray(roof.colour, np.float32), 0, 255), np.uint8)


def _cone(roof: Roof, h: int, w: int) -> NDArray[np.uint8]:
    """A round roof of eight sectors; parasols, apses, the water tower."""
    v, u = _pixels(h, w)
    sector = np.floor(np.arctan2(h / 2 - v, u - w / 2) / (pi / 4)).astype(int) % 8
    slope = 2.0 * (roof.ridge - roof.eaves) / roof.width + 0.12
    relief = np.asarray([_light(roof, (k + 0.5) * pi / 4, slope) for k in range(8)], np.float32)[sector]
    if roof.cover == "tile":
        relief = relief * _cover("tile")[:h, :w]
    else:
        relief = relief * np.where(sector % 2 == 0, 1.07, 1.0)
    return np.asarray(np.clip(relief[..., None] * np.asarray(roof.colour, np.float32), 0, 255), np.uint8)


def _panels(draw: ImageDraw.ImageDraw, w: int, h: int, top: float) -> None:
    """Solar panels on the slope that begins at row `top`."""
    x0, y0, x1, y1 = int(w * 0.22), int(top + h * 0.10), int(w * 0.74), int(top + h * 0.40)
    draw.rectangle((x0, y0, x1, y1), fill=(44, 54, 82))
    for x in range(x0, x1, 20):
        draw.line((x, y0, x, y1), fill=(92, 102, 128))
    draw.line((x0, (y0 + y1) // 2, x1, (y0 + y1) // 2), fill=(92, 102, 128))


def _roof_window(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    draw.rectangle((x, y, x + 15, y + 22), fill=(70, 78, 88))
    draw.rectangle((x + 2, y + 2, x + 13, y + 20), fill=(126, 146, 164))


def _chimney(draw: ImageDraw.ImageDraw, x: float, y: float, fall: tuple[float, float]) -> None:
    """A chimney and its shadow, which falls by `fall` pixels."""
    ends = ((x - 8, y - 6), (x + 8, y + 6))
    far = [(a + fall[0], b + fall[1]) for a, b in ends]
    draw.polygon([*ends, far[1], far[0]], fill=(40, 30, 34, 110))
    draw.rectangle((x - 8, y - 6, x + 8, y + 6), fill=(186, 160, 138))
    draw.rectangle((x - 5, y - 3, x + 5, y + 3), fill=(96, 78, 70))


def _machines(draw: ImageDraw.ImageDraw, w: int, h: int, rng: np.random.Generator) -> None:
    """Parapet and machines of a flat roof."""
    draw.rectangle((0, 0, w - 1, h - 1), outline=(206, 206, 202), width=7)
    for k in range(7):
        x, y = w * (0.14 + 0.12 * k), h * float(rng.uniform(0.3, 0.65))
        draw.rectangle((x - 10, y - 22, x + 24, y + 8), fill=(70, 70, 74, 120))
        draw.rectangle((x, y - 14, x + 30, y + 16), fill=(214, 216, 216))
        draw.ellipse((x + 7, y - 7, x + 23, y + 9), fill=(120, 124, 128))


def _details(roof: Roof, image: Image.Image) -> None:
    """What stands on the roof, drawn in its own frame."""
    draw = ImageDraw.Draw(image, "RGBA")
    w, h = image.size
    rng = np.random.default_rng(int(abs(roof.frame.x * 7 + roof.frame.y * 3)))
    top = h / 2 if _light(roof, -pi / 2, 0.34) > _light(roof, pi / 2, 0.34) else 0.0
    if roof.form == "flat":
        _machines(draw, w, h, rng)
    elif roof.panels and roof.length > 7.0:
        _panels(draw, w, h, top)
    elif roof.cover == "tile" and roof.eaves < 9.0 and rng.random() < 0.3 and min(w, h) > 140:
        _roof_window(draw, w * float(rng.uniform(0.2, 0.7)), top + h * 0.2)
    c, s, rise = cos(roof.frame.angle), sin(roof.frame.angle), 1.2 * PX_PER_M
    fall = (rise * (SHADOW[0] * c + SHADOW[1] * s), rise * (SHADOW[0] * s - SHADOW[1] * c))
    for u, v in roof.chimneys:
        _chimney(draw, w / 2 + u * PX_PER_M, h / 2 - v * PX_PER_M, fall)


@lru_cache(maxsize=256)
def roof_sprite(roof: Roof) -> Sprite:
    """The roof where it stands, edges smooth to a fraction of a pixel."""
    w, h = max(4, round(roof.length * PX_PER_M)), max(4, round(roof.width * PX_PER_M))
    inside = (_PAD, _PAD, _PAD + w - 1, _PAD + h - 1)
    mask = Image.new("L", (w + 2 * _PAD, h + 2 * _PAD))
    if roof.form == "cone":
        flat = Image.fromarray(_cone(roof, h, w))
        ImageDraw.Draw(mask).ellipse(inside, fill=255)
    else:
        flat = Image.fromarray(_sloped(roof, h, w))
        _details(roof, flat)
        ImageDraw.Draw(mask).rectangle(inside, fill=255)
    local = Image.new("RGBA", mask.size, (*shade(roof.colour, 0.8), 0))
    local.paste(flat, (_PAD, _PAD))
    local.putalpha(mask)
    return _turned(roof, local)


def _turned(roof: Roof, local: Image.Image) -> Sprite:
    """The local picture turned and moved to its exact place."""
    x0, y0, x1, y1 = roof.footprint.bounds
    left, bottom = to_px((x0, y0))
    right, top = to_px((x1, y1))
    ox, oy = floor(left) - 2, floor(top) - 2
    size = (ceil(right) + 2 - ox, ceil(bottom) + 2 - oy)
    c, s = cos(roof.frame.angle), sin(roof.frame.angle)
    cx, cy = to_px((roof.frame.x, roof.frame.y))
    px, py = local.size[0] / 2, local.size[1] / 2
    dx, dy = ox - cx, oy - cy
    matrix = (c, -s, px + c * dx - s * dy, s, c, py + s * dx + c * dy)
    turned = local.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return from_image(turned, ox, oy)
