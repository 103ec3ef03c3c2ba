"""Roofs seen from above: tiled slopes lit by the sun, ridges, gutters, chimneys, panels."""

from functools import lru_cache
from math import ceil, cos, floor, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pcrs.demo.imagery.sprites import PX_PER_M, SHADOW, SUN, Sprite, from_image, shade, to_px
from pcrs.demo.village.things import Roof

_SIZE = 1024
_PAD = 3
Field = NDArray[np.float32]


@lru_cache(maxsize=4)
def _cover(kind: str) -> Field:
    """Relative brightness of a covering, (along the slope, along the ridge), around 1."""
    rng = np.random.default_rng({"tile": 1, "slate": 2, "metal": 3, "gravel": 4}[kind])
    v, u = np.mgrid[0:_SIZE, 0:_SIZE].astype(np.float32)
    if kind == "gravel":
        return (1.0 + 0.05 * rng.standard_normal((_SIZE, _SIZE))).astype(np.float32)
    if kind == "metal":
        ribs = np.where(np.mod(u, 20.0) < 2.0, 0.86, 1.0) + 0.03 * np.sin(u * 2 * pi / 10.0)
        return (ribs + 0.015 * rng.standard_normal((_SIZE, _SIZE))).astype(np.float32)
    period, rows, wave = (4.4, 7.0, 0.10) if kind == "tile" else (5.0, 4.0, 0.02)
    columns, courses = int(_SIZE / period) + 2, int(_SIZE / rows) + 2
    cells = rng.normal(0.0, 0.042, (courses, columns)) + rng.normal(0.0, 0.035, columns)
    cells += np.where(rng.random(cells.shape) < 0.03, rng.choice((-0.16, 0.12), cells.shape), 0.0)
    each = cells[(v / rows).astype(int), (u / period).astype(int)]
    lap = np.where(np.mod(v, rows) < 1.2, -0.05, 0.0)
    coarse = Image.fromarray(rng.normal(0.0, 1.0, (26, 26)).astype(np.float32))
    moss = np.asarray(coarse.resize((_SIZE, _SIZE), Image.Resampling.BICUBIC)) * 0.05
    return (1.0 + wave * np.cos(u * 2 * pi / period) + each + lap + moss).astype(np.float32)


def _light(roof: Roof, toward: float, slope: float) -> float:
    """Brightness of a slope that falls towards the direction `toward` (radians in the roof's frame)."""
    world = roof.frame.angle + toward
    norm = (1.0 + slope * slope) ** 0.5
    lit = (slope * (cos(world) * SUN[0] + sin(world) * SUN[1]) + SUN[2]) / norm
    return 0.44 + 0.66 * max(0.0, lit)


def _facets(roof: Roof, h: int, w: int) -> tuple[NDArray[np.int8], tuple[float, ...]]:
    """Which slope each pixel belongs to (0 left, 1 right, 2 front, 3 back of the frame), and their lights."""
    v, u = np.mgrid[0:h, 0:w].astype(np.float32) + 0.5
    slope = 2.0 * (roof.ridge - roof.eaves) / roof.width
    lights = tuple(_light(roof, a, slope) for a in (pi / 2, -pi / 2, 0.0, pi))
    side = np.where(v < h / 2, 0, 1).astype(np.int8)
    if roof.form == "hip":
        across = np.minimum(v, h - v)
        along = np.minimum(u, w - u)
        side = np.where(along < across, np.where(u > w / 2, 2, 3), side).astype(np.int8)
    if roof.form == "shed":
        side[:] = 1
    if roof.form == "flat":
        side[:] = 0
        lights = (1.0, 1.0, 1.0, 1.0)
    return side, lights


def _shaded(roof: Roof, h: int, w: int) -> NDArray[np.uint8]:
    """The roof's planes (h, w, 3), u to the right, v upwards."""
    side, lights = _facets(roof, h, w)
    seed = int(abs(roof.frame.x * 31 + roof.frame.y * 57))
    top, left = seed % (_SIZE - h), seed % (_SIZE - w)
    cut = np.s_[top : top + h, left : left + w]
    cover = _cover(roof.cover)
    down, across = cover[cut], cover.T[cut]
    relief = np.where(side >= 2, across, down) * np.asarray(lights, np.float32)[side]
    v, u = np.mgrid[0:h, 0:w].astype(np.float32) + 0.5
    if roof.form in ("gable", "hip"):
        ridge = np.abs(v - h / 2) < 1.6
        if roof.form == "hip":
            along, across_v = np.minimum(u, w - u), np.minimum(v, h - v)
            ridge = (ridge & (along >= h / 2 - 1)) | (np.abs(along - across_v) < 1.3)
        relief = np.where(ridge, relief * 0.35 + 0.72, relief)
    gutter = (v < 2) | (v > h - 2)
    relief = np.where(gutter, 0.82, relief)
    planes = relief[..., None] * np.asarray(roof.colour, np.float32)
    return np.clip(planes, 0, 255).astype(np.uint8)


def _cone(roof: Roof, h: int, w: int) -> NDArray[np.uint8]:
    """A round roof of eight sectors; parasols, apses, the water tower."""
    v, u = np.mgrid[0:h, 0:w].astype(np.float32) + 0.5
    angle = np.arctan2(h / 2 - v, u - w / 2)
    sector = np.floor(angle / (pi / 4)).astype(int) % 8
    slope = 2.0 * (roof.ridge - roof.eaves) / roof.width + 0.12
    lights = np.asarray([_light(roof, (k + 0.5) * pi / 4, slope) for k in range(8)], np.float32)
    stripes = np.where((sector % 2 == 0) & (roof.cover == "metal"), 1.07, 1.0).astype(np.float32)
    relief = lights[sector] * stripes
    if roof.cover == "tile":
        relief = relief * _cover("tile")[:h, :w]
    return np.clip(relief[..., None] * np.asarray(roof.colour, np.float32), 0, 255).astype(np.uint8)


def _details(roof: Roof, image: Image.Image) -> None:
    """Chimneys with their shadows, solar panels, roof windows, machines on flat roofs."""
    draw = ImageDraw.Draw(image, "RGBA")
    w, h = image.size
    c, s = cos(-roof.frame.angle), sin(-roof.frame.angle)
    sx, sy = SHADOW[0] * c - SHADOW[1] * s, SHADOW[0] * s + SHADOW[1] * c
    rng = np.random.default_rng(int(abs(roof.frame.x * 7 + roof.frame.y * 3)))
    bright = 1 if _light(roof, -pi / 2, 0.34) > _light(roof, pi / 2, 0.34) else 0
    top = h // 2 if bright else 0
    if roof.panels and roof.length > 7:
        x0, y0 = int(w * 0.22), top + int(h * 0.10)
        x1, y1 = int(w * 0.74), top + int(h * 0.40)
        draw.rectangle((x0, y0, x1, y1), fill=(44, 54, 82))
        for x in range(x0, x1, 20):
            draw.line((x, y0, x, y1), fill=(92, 102, 128))
        draw.line((x0, (y0 + y1) // 2, x1, (y0 + y1) // 2), fill=(92, 102, 128))
    elif roof.cover == "tile" and rng.random() < 0.3 and min(w, h) > 140:
        x, y = int(w * float(rng.uniform(0.2, 0.7))), top + int(h * 0.2)
        draw.rectangle((x, y, x + 15, y + 22), fill=(70, 78, 88))
        draw.rectangle((x + 2, y + 2, x + 13, y + 20), fill=(126, 146, 164))
    for u, v in roof.chimneys:
        x, y = w / 2 + u * PX_PER_M, h / 2 - v * PX_PER_M
        rise = 1.2 * PX_PER_M
        shadow = [
            (x - 8, y - 6),
            (x + 8, y + 6),
            (x + 8 + sx * rise, y + 6 - sy * rise),
            (x - 8 + sx * rise, y - 6 - sy * rise),
        ]
        draw.polygon(shadow, fill=(40, 30, 34, 110))
        draw.rectangle((x - 8, y - 6, x + 8, y + 6), fill=(186, 160, 138))
        draw.rectangle((x - 5, y - 3, x + 5, y + 3), fill=(96, 78, 70))
    if roof.form == "flat":
        draw.rectangle((0, 0, w - 1, h - 1), outline=(206, 206, 202), width=7)
        for k in range(7):
            x, y = w * (0.14 + 0.12 * k), h * (0.3 + 0.35 * float(rng.random()))
            draw.rectangle((x - 10, y - 22, x + 24, y + 8), fill=(70, 70, 74, 120))
            draw.rectangle((x, y - 14, x + 30, y + 16), fill=(214, 216, 216))
            draw.ellipse((x + 7, y - 7, x + 23, y + 9), fill=(120, 124, 128))


@lru_cache(maxsize=256)
def roof_sprite(roof: Roof) -> Sprite:
    """The roof where it stands, edges smooth to a fraction of a pixel."""
    w, h = max(4, round(roof.length * PX_PER_M)), max(4, round(roof.width * PX_PER_M))
    planes = _cone(roof, h, w) if roof.form == "cone" else _shaded(roof, h, w)
    flat = Image.fromarray(planes)
    if roof.form != "cone":
        _details(roof, flat)
    mask = Image.new("L", (w + 2 * _PAD, h + 2 * _PAD))
    draw = ImageDraw.Draw(mask)
    if roof.form == "cone":
        draw.ellipse((_PAD, _PAD, _PAD + w - 1, _PAD + h - 1), fill=255)
    else:
        draw.rectangle((_PAD, _PAD, _PAD + w - 1, _PAD + h - 1), fill=255)
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
    turned = local.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    return from_image(turned, ox, oy)
