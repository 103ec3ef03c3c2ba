"""What the ground is made of: a colour and four amounts of texture for each material.

`grain` is pixel noise (asphalt, gravel), `leaf` is 20 to 40 cm (grass, leaves), `clump` 1 to 3 m, `patch`
10 to 60 m; all in 1/128 of the colour's own brightness, at one standard deviation about a third of it.
`warm` turns the same patches yellowish (positive) in vegetation.
"""

from typing import NamedTuple

from pcrs.demo.village.plan import WATER_STEPS


class Material(NamedTuple):
    """Red, green, blue and the amounts of texture."""

    red: int
    green: int
    blue: int
    grain: int = 6
    leaf: int = 0
    clump: int = 4
    patch: int = 6
    warm: int = 0
    gaps: int = 0
    """Share of the area, in 256ths, where the plants leave the ground below bare."""
    below: str = ""
    """The material of those gaps."""


MATERIALS: dict[str, Material] = {
    "meadow_dry": Material(140, 144, 90, 8, 26, 14, 12, 10),
    # streets
    "asphalt": Material(122, 121, 121, 9, 4, 7, 12),
    "asphalt_old": Material(146, 143, 138, 11, 5, 9, 14),
    "asphalt_new": Material(98, 99, 102, 7, 3, 5, 8),
    "asphalt_patch": Material(84, 85, 88, 8, 3, 4, 6),
    "asphalt_seal": Material(66, 66, 69, 6, 0, 0, 4),
    "bay": Material(158, 148, 138, 10, 5, 6, 8),
    "gutter": Material(168, 166, 160, 8, 4, 6, 6),
    "kerb": Material(206, 203, 194, 8, 4, 4, 4),
    "kerb_joint": Material(150, 146, 138),
    "pavement": Material(164, 158, 150, 9, 4, 7, 10),
    "pavement_stone": Material(190, 178, 158, 9, 6, 8, 8),
    "pavement_sand": Material(196, 180, 152, 11, 5, 8, 10),
    "pavement_rose": Material(178, 152, 140, 9, 4, 7, 8),
    "pavement_dark": Material(134, 132, 130, 9, 4, 6, 10),
    "verge": Material(140, 138, 98, 12, 24, 14, 16, 14),
    "cobble": Material(150, 142, 132, 22, 14, 6, 4),
    "tactile": Material(222, 214, 196, 14, 6, 0, 0),
    "paint": Material(236, 236, 231, 7, 9, 6, 6),
    "paint_yellow": Material(222, 182, 58, 7, 9, 6, 4),
    "paint_blue": Material(66, 106, 170, 7, 6, 4, 4),
    "paving": Material(198, 184, 158, 8, 12, 6, 8),
    "paving_quay": Material(186, 174, 154, 8, 12, 8, 8),
    "paving_band": Material(166, 150, 128, 9, 10, 4, 4),
    "paving_joint": Material(164, 150, 126, 6, 4, 4, 4),
    "gravel": Material(206, 194, 168, 17, 8, 8, 10),
    "gravel_pink": Material(196, 172, 152, 17, 8, 8, 8),
    "concrete": Material(182, 178, 170, 8, 4, 9, 8),
    "slab": Material(194, 182, 162, 8, 12, 4, 4),
    "slab_pink": Material(186, 156, 138, 8, 12, 4, 4),
    "deck": Material(152, 124, 96, 8, 12, 4, 4),
    "track": Material(200, 184, 150, 15, 12, 14, 14, 4),
    "step": Material(208, 200, 184, 8, 4, 2, 2),
    "step_dark": Material(146, 138, 124, 8, 4, 2, 2),
    # stone and walls
    "stone": Material(186, 172, 146, 14, 14, 6, 6),
    "stone_light": Material(212, 202, 180, 10, 10, 5, 5),
    "render": Material(206, 196, 176, 7, 4, 3, 3),
    "fence": Material(92, 98, 88, 6, 4, 2, 2),
    "rocks": Material(142, 134, 116, 20, 20, 10, 4),
    "tomb": Material(188, 186, 180, 9, 6, 4, 3),
    "tomb_dark": Material(110, 108, 108, 8, 5, 4, 3),
    "tomb_pink": Material(176, 150, 144, 9, 6, 4, 3),
    # green
    "lawn": Material(116, 138, 78, 9, 20, 9, 9, 7),
    "lawn_dry": Material(148, 148, 96, 10, 22, 13, 11, 9),
    "lawn_lush": Material(100, 126, 68, 9, 24, 12, 9, 6),
    "lawn_mown": Material(130, 150, 88, 9, 16, 8, 8, 6),
    "meadow": Material(122, 136, 78, 9, 30, 15, 13, 10),
    "meadow_cut": Material(160, 160, 100, 9, 20, 9, 11, 8),
    "meadow_swath": Material(140, 148, 86, 10, 28, 10, 10, 6),
    "fallow": Material(146, 142, 92, 10, 34, 24, 16, 12),
    "bank": Material(96, 108, 62, 10, 36, 22, 16, 14),
    "undergrowth": Material(48, 58, 36, 8, 30, 18, 8, 4),
    "hedge": Material(70, 94, 52, 10, 46, 14, 8, 6),
    "hedge_fringe": Material(62, 84, 48, 10, 40, 14, 8, 6, 120, "lawn_dry"),
    "flowers": Material(168, 112, 108, 30, 60, 24, 0, 0),
    "soil": Material(152, 132, 104, 14, 18, 8, 10),
    "salad": Material(112, 142, 72, 12, 40, 10, 6, 4, 70, "soil"),
    "leek": Material(88, 118, 80, 12, 40, 10, 6, 4, 70, "soil"),
    # crops
    "wheat": Material(202, 184, 126, 8, 14, 6, 8, 2),
    "wheat_line": Material(184, 165, 110, 8, 14, 6, 8, 2),
    "barley": Material(210, 198, 148, 8, 14, 6, 8, 2),
    "barley_line": Material(190, 175, 126, 8, 14, 6, 8, 2),
    "vine_soil": Material(192, 164, 128, 13, 12, 8, 16),
    "vine_grass": Material(150, 146, 96, 12, 30, 14, 12, 8, 70, "vine_soil"),
    "vine": Material(98, 124, 64, 10, 50, 16, 10, 6, 22, "vine_shade"),
    "vine_fringe": Material(92, 116, 60, 10, 44, 16, 10, 6, 130, "vine_soil"),
    "vine_shade": Material(112, 98, 76, 8, 24, 8, 10, 0, 60, "vine_soil"),
    "lavender_soil": Material(186, 166, 138, 12, 12, 8, 14),
    "lavender": Material(136, 118, 162, 12, 44, 14, 10, 0, 26, "lavender_shade"),
    "lavender_fringe": Material(130, 116, 150, 12, 40, 14, 10, 0, 120, "lavender_soil"),
    "lavender_shade": Material(118, 108, 92, 10, 26, 6, 6),
    "maize": Material(104, 138, 68, 10, 46, 14, 12, 6, 84, "soil"),
    "sunflower": Material(122, 146, 76, 12, 54, 14, 12, 6, 60, "soil"),
    "chalk": Material(244, 243, 236, 8, 12, 6, 4),
    "chalk_dark": Material(122, 100, 66, 8, 14, 6, 4),
    # water
    "mud": Material(122, 112, 84, 10, 20, 14, 8),
    "foam": Material(226, 230, 226, 10, 20, 10, 0),
    "boat": Material(132, 98, 70, 8, 8, 3, 3),
    "pool": Material(118, 198, 214, 3, 10, 8, 0),
    "pool_deep": Material(92, 180, 204, 3, 10, 8, 0),
    "pool_rim": Material(222, 212, 194, 7, 8, 3, 3),
    # sport and rails
    "court_green": Material(94, 128, 96, 6, 3, 4, 5),
    "court_red": Material(174, 104, 78, 8, 4, 5, 5),
    "ballast_old": Material(132, 124, 110, 18, 16, 8, 8),
    "ballast": Material(158, 146, 132, 24, 14, 6, 8),
    "sleeper": Material(122, 108, 96, 10, 10, 4, 6),
    "rail_foot": Material(104, 78, 62, 6, 4, 2, 4),
    "rail": Material(196, 192, 188, 5, 2, 2, 2),
    "plank": Material(88, 86, 84, 8, 6, 3, 3),
    "platform": Material(172, 168, 160, 8, 4, 6, 8),
}
_SHALLOW, _DEEP = (112, 112, 84), (62, 86, 80)


def _water(step: int) -> Material:
    """Water of one depth: the bottom shines through less and less."""
    share = (step / (WATER_STEPS - 1)) ** 0.6
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_SHALLOW, _DEEP, strict=True))
    return Material(red, green, blue, 3, round(9 - 4 * share), round(14 - 7 * share), 9)


MATERIALS |= {f"water_{step}": _water(step) for step in range(WATER_STEPS)}
INDEX = {name: index for index, name in enumerate(MATERIALS)}
"""Number of each material in the index image."""
