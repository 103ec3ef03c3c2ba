// Short strokes across a line, on its right, at equal distances: how a retaining wall is drawn.

/** The strokes of a line or of several, `spacing` and `reach` in the units of the map. */
export function ticksOf(geometry, spacing, reach) {
  const lines = geometry.getType() === "MultiLineString" ? geometry.getLineStrings() : [geometry];
  return new ol.geom.MultiLineString(lines.flatMap((line) => along(line.getCoordinates(), spacing, reach)));
}

function along(points, spacing, reach) {
  const strokes = [];
  let ahead = spacing / 2;
  for (const [at, [x, y]] of points.slice(1).entries()) {
    const [fromX, fromY] = points[at];
    const length = Math.hypot(x - fromX, y - fromY);
    const [east, north] = [(x - fromX) / length, (y - fromY) / length];
    for (; ahead <= length; ahead += spacing) {
      const foot = [fromX + east * ahead, fromY + north * ahead];
      strokes.push([foot, [foot[0] + north * reach, foot[1] - east * reach]]);
    }
    ahead -= length;
  }
  return strokes;
}
