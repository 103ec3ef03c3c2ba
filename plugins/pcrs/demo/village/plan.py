"""The village on paper: extent, terrain, river, railway and streets. Everything else is drawn from these.

Saint-Fictif-du-Causse does not exist. Coordinates are metres east and north of `ORIGIN` (EPSG:2154).
"""

from dataclasses import dataclass
from math import cos, exp, sin

from shapely.geometry import LineString, Polygon, box

from pcrs.demo.village.curves import Point, spline
from pcrs.standard.crs import BBox

ORIGIN = (576_000.0, 6_372_000.0)
"""South-west corner of the village, EPSG:2154 metres."""
SIDE_M = 1000.0
EXTENT = BBox(ORIGIN[0], ORIGIN[1], ORIGIN[0] + SIDE_M, ORIGIN[1] + SIDE_M)
"""The whole delivery, EPSG:2154."""
GROUND = box(0.0, 0.0, SIDE_M, SIDE_M)
COMMUNE = "Saint-Fictif-du-Causse"
INSEE = "46999"
"""No commune of the Lot has this code."""
NOTICE = "DÉMO PCRS – DONNÉES FICTIVES"
BEYOND = 45.0
"""Lines that leave the village are drawn this far outside, so that nothing ends at the edge."""

RIVER_HALF_M = 14.0
WATER_STEPS = 12
"""Depths at which the water is painted: `water_0` at the edge, to the last in the middle."""


def river_y(x: float) -> float:
    """The river's axis: northing at easting `x`."""
    return 690.0 + 22.0 * sin(x / 140.0 - 0.9) + 85.0 * (x / 1000.0) ** 3


def height(x: float, y: float) -> float:
    """Metres above sea (IGN69): a valley, two low hills and a little unrest; smooth everywhere."""
    across = y - river_y(x)
    valley = 8.0 * (1.0 - exp(-((across / 150.0) ** 2)))
    north = 9.0 * exp(-(((x - 150.0) / 260.0) ** 2) - ((y - 960.0) / 200.0) ** 2)
    south = 8.0 * exp(-(((x - 80.0) / 300.0) ** 2) - ((y - 60.0) / 240.0) ** 2)
    return 123.0 + valley + north + south + 0.8 * sin(x / 130.0) * cos(y / 170.0)


_VERGE_M, _FOOTWAY_M = 1.3, 2.1


@dataclass(frozen=True, slots=True)
class Street:
    """One street: its axis, the width of the carriageway and of each pavement (0: no kerb, verges)."""

    name: str
    axis: LineString
    width: float
    pavement: float = 0.0
    surface: str = "asphalt"

    @property
    def frontage(self) -> float:
        """From the axis to the edge of the parcels."""
        return self.width / 2 + (self.pavement or _VERGE_M)

    @property
    def footway(self) -> tuple[float, float]:
        """From and to, metres from the axis: where people walk, behind the bays of a wide pavement."""
        return self.frontage - min(self.pavement or _VERGE_M, _FOOTWAY_M), self.frontage


ROUNDABOUT = (880.0, 502.0)
ROUNDABOUT_R = 15.0
ISLAND_R = 7.0
_QUAY_AXIS = tuple((float(x), river_y(x) - 26.0) for x in range(398, 664, 20))

_KERBED: dict[str, tuple[str, float, float, str, tuple[Point, ...]]] = {
    # key: name, carriageway, each pavement (metres), surface, points of the axis
    "ouest": ("Rue de la République", 6.5, 1.9, "asphalt",
              ((-BEYOND, 424), (60, 437), (130, 452), (300, 472), (402, 479))),
    "centre": ("Rue de la République", 6.2, 4.3, "asphalt_new",
               ((402, 479), (452, 483), (498, 484), (592, 474))),
    "est": ("Rue de la République", 6.5, 1.9, "asphalt",
            ((592, 474), (640, 469), (705, 468), (790, 483), (866, 500))),
    "pont": ("Rue du Pont", 6.0, 1.7, "asphalt",
             ((498, 484), (503, 530), (509, 600), (515, 660), (521, 708), (525, 738))),
    "gare": ("Avenue de la Gare", 6.4, 4.3, "asphalt", ((498, 484), (492, 420), (483, 340), (470, 240))),
    "quai": ("Quai des Gabares", 5.0, 1.6, "asphalt_new", _QUAY_AXIS),
    "tonneliers": ("Rue des Tonneliers", 4.6, 1.3, "asphalt_old",
                   ((402, 479), (399, 520), (404, 576), (409, 640), (418, river_y(418) - 26))),
    "eglise": ("Rue de l'Église", 4.4, 1.3, "asphalt",
               ((404, 576), (452, 580), (507, 574), (560, 574), (604, 568))),
    "lavoir": ("Rue du Lavoir", 5.0, 1.4, "asphalt_old",
               ((592, 474), (600, 520), (604, 568), (600, 625), (606, river_y(606) - 26))),
    "ecoles": ("Rue des Écoles", 5.2, 1.6, "asphalt",
               ((300, 472), (303, 520), (296, 570), (312, 622), (348, 668), (398, river_y(398) - 26))),
    "tisserands": ("Rue des Tisserands", 5.2, 1.5, "asphalt",
                   ((300, 472), (304, 425), (332, 380), (396, 352), (484, 346))),
    "four": ("Rue du Four", 5.0, 1.5, "asphalt_old", ((592, 474), (598, 430), (586, 380), (588, 330))),
    "stade": ("Rue du Stade", 5.4, 1.6, "asphalt",
              ((482, 328), (530, 326), (588, 330), (690, 326), (772, 340))),
    "chenes": ("Allée des Chênes", 5.2, 1.5, "asphalt_new",
               ((705, 468), (709, 425), (738, 382), (772, 340))),
    "impasse": ("Impasse des Lavandes", 5.0, 1.5, "asphalt_new",
                ((738, 382), (775, 396), (812, 412), (836, 414))),
}  # fmt: skip
_OPEN: dict[str, tuple[str, float, str, tuple[Point, ...]]] = {
    # key: name, carriageway (metres), surface, points of the axis; no kerb, verges on both sides
    "vignes": ("Route des Vignes", 6.0, "asphalt_old", ((894, 505), (940, 516), (1000 + BEYOND, 528))),
    "causse": ("Route du Causse", 5.6, "asphalt_old",
               ((525, 738), (530, 790), (548, 870), (540, 940), (552, 1000 + BEYOND))),
    "plaine": ("Chemin de la Plaine", 4.6, "asphalt_old",
               ((470, 240), (463, 170), (452, 90), (438, -BEYOND))),
    "moulin": ("Chemin du Moulin", 3.6, "asphalt_old",
               ((528, 772), (470, 776), (380, 768), (290, 744), (208, 722), (178, 716))),
    "chais": ("Chemin des Chais", 3.4, "track", ((130, 452), (137, 400), (124, 330), (112, 250), (70, 215))),
    "noyers": ("Chemin des Noyers", 3.4, "track", ((876, 516), (872, 560), (850, 620), (846, 690))),
    "ferme": ("Chemin de Borde Neuve", 3.4, "track", ((541, 835), (600, 838), (680, 862), (742, 874))),
    "graves": ("Chemin des Graves", 3.4, "track",
               ((884, 488), (892, 440), (884, 340), (900, 262), (893, 232))),
}  # fmt: skip
STREETS = {
    key: Street(name, spline(points), width, pavement, surface)
    for key, (name, width, pavement, surface, points) in _KERBED.items()
} | {
    key: Street(name, spline(points), width, 0.0, surface)
    for key, (name, width, surface, points) in _OPEN.items()
}
"""The streets by a short key."""
TURNING = (844.0, 414.0)
"""Centre of the turning circle at the end of the Impasse des Lavandes."""
TURNING_R = 8.5

RAIL = spline(((-BEYOND, 146), (200, 160), (450, 176), (700, 198), (1000 + BEYOND, 238)))
SIDING_M = 4.4
"""Distance of the second track, south of the first."""
SQUARE = Polygon(
    [(511.5, 492.2), (583.0, 485.0), (595.6, 520.0), (599.0, 563.5), (560, 569.5), (513.5, 570.5)]
)
"""Place de l'Église, between four streets."""
STATION_YARD = Polygon([(476, 213.5), (562, 220), (566, 246), (480, 246.5)])
QUAY_FROM, QUAY_TO = 392.0, 668.0
"""Eastings between which the south bank is a built quay."""
BRIDGE_Y = (688.0, 735.0)
"""Northings between which Rue du Pont stands on the bridge."""
TARGETS = ((508.4, 478.2), (398.9, 683.4), (716.8, 474.9), (494.0, 236.6), (296.4, 480.2))
"""Control points of the survey, marked on the ground by a target of 60 cm."""
WEIR = LineString([(196.0, river_y(196) + 15.5), (176.0, river_y(176) - 15.5)])
"""The mill's weir, across the river."""
