"""What a builder of the village piles up, before it becomes a `Town`."""

from dataclasses import dataclass, field

from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon

from pcrs.demo.village.things import (
    Car,
    Cover,
    Hedge,
    House,
    Label,
    Layer,
    Pillar,
    Pole,
    Roof,
    Strokes,
    Surface,
    Tree,
    Wall,
)


@dataclass
class Heap:
    """Lists of things; builders append, `town` freezes. `layers` are in painting order, lowest first."""

    layers: list[Layer] = field(default_factory=list)
    houses: list[House] = field(default_factory=list)
    walls: list[Wall] = field(default_factory=list)
    hedges: list[Hedge] = field(default_factory=list)
    pillars: list[Pillar] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    gates: list[LineString] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    steps: list[LineString] = field(default_factory=list)
    extras: list[Roof] = field(default_factory=list)
    """Roofed things that are no buildings: parasols, shelters, bales."""
    poles: list[Pole] = field(default_factory=list)
    monuments: list[tuple[str, Polygon]] = field(default_factory=list)
    outlines: list[tuple[str, str, Polygon]] = field(default_factory=list)
    """Areas to be drawn on the plan: thematic code, what it is, outline."""

    def paint(self, material: str, shape: Polygon | MultiPolygon) -> None:
        """Adds a surface on top of those before it; an empty shape adds nothing."""
        if not shape.is_empty and shape.area > 0:
            self.layers.append(Surface(material, shape))

    def stroke(self, material: str, width: float, lines: MultiLineString) -> None:
        """Adds strokes on top; no line adds nothing."""
        if not lines.is_empty:
            self.layers.append(Strokes(material, width, lines))
