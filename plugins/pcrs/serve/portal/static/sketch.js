// Drawing on the map, point by point: by pointer, by the centre of the map, or by coordinates.

const INK = "#0b63ce";

/** How what is drawn looks. */
export function sketchStyle() {
  const stroke = (color, width) => new ol.style.Style({ stroke: new ol.style.Stroke({ color, width, lineCap: "round", lineJoin: "round" }) });
  const dot = new ol.style.Circle({
    radius: 5,
    fill: new ol.style.Fill({ color: "#ffffff" }),
    stroke: new ol.style.Stroke({ color: INK, width: 2.5 }),
  });
  return [
    new ol.style.Style({ fill: new ol.style.Fill({ color: "rgba(11, 99, 206, 0.14)" }) }),
    stroke("#ffffff", 6),
    stroke(INK, 3),
    new ol.style.Style({ image: dot, geometry: vertices }),
  ];
}

function vertices(feature) {
  const geometry = feature.getGeometry();
  const at = { LineString: () => geometry.getCoordinates(), Polygon: () => geometry.getCoordinates()[0], Point: () => [geometry.getCoordinates()] };
  return new ol.geom.MultiPoint(at[geometry.getType()]?.() ?? []);
}

export class Sketch {
  #map;
  #layer;
  #draw = null;
  #feature = null;
  #points = 0;
  #told;

  /** `told.onChange(geometry)` while one draws, `told.onEnd(feature)` when it is finished. */
  constructor(map, told) {
    this.#map = map;
    this.#told = told;
    this.#layer = new ol.layer.Vector({ source: new ol.source.Vector(), style: sketchStyle(), zIndex: 1000 });
    map.addLayer(this.#layer);
  }

  /** True while one may draw. */
  get active() {
    return this.#draw !== null;
  }

  /** What was drawn. */
  get features() {
    return this.#layer.getSource().getFeatures();
  }

  /** Begins: `LineString` or `Polygon`. */
  start(type) {
    this.stop();
    this.#draw = new ol.interaction.Draw({ source: this.#layer.getSource(), type, style: sketchStyle(), stopClick: true });
    this.#draw.on("drawstart", ({ feature }) => {
      this.#feature = feature;
      feature.getGeometry().on("change", () => this.#told.onChange(feature.getGeometry()));
    });
    this.#draw.on("drawend", ({ feature }) => this.#ended(feature));
    this.#draw.on("drawabort", () => this.#reset());
    this.#map.addInteraction(this.#draw);
  }

  /** Ends; what is unfinished is given up. */
  stop() {
    if (this.#draw === null) return;
    this.#map.removeInteraction(this.#draw);
    this.#draw = null;
    this.#reset();
  }

  /** One more point, in Lambert-93. */
  add(position) {
    this.#draw?.appendCoordinates([position]);
    this.#points += 1;
    if (this.#feature) this.#told.onChange(this.#feature.getGeometry());
  }

  /** One point less. */
  undo() {
    this.#draw?.removeLastPoint();
    this.#points = Math.max(0, this.#points - 1);
    if (this.#feature) this.#told.onChange(this.#feature.getGeometry());
  }

  /** The drawing is finished as it is. */
  finish() {
    this.#draw?.finishDrawing();
  }

  /** A key that was pressed on the map while one draws; true when it was one of drawing, or of `more`: { name: what it does }. */
  key(event, more = {}) {
    if (!this.active) return false;
    const actions = {
      Enter: () => (event.shiftKey ? this.finish() : this.add(this.#map.getView().getCenter())),
      Backspace: () => this.undo(),
      ...more,
    };
    if (!(event.key in actions)) return false;
    event.preventDefault();
    actions[event.key]();
    return true;
  }

  /** Shows a geometry as if it had been drawn. */
  put(geometry) {
    const feature = new ol.Feature(geometry);
    this.#layer.getSource().addFeature(feature);
    return feature;
  }

  /** Forgets what was drawn. */
  clear() {
    this.#layer.getSource().clear();
    this.#draw?.abortDrawing();
  }

  #ended(feature) {
    this.#reset();
    this.#told.onEnd(feature);
  }

  #reset() {
    this.#feature = null;
    this.#points = 0;
  }
}
