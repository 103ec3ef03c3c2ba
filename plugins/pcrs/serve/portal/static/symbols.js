// How the classes of the CNIG standard are drawn over an image: bright lines in a dark casing.

const CASING = "rgba(16, 22, 26, 0.6)";
const TEXT = "600 13px system-ui, sans-serif";

/** Groups of classes as the legend shows them, from the ground up. */
export const GROUPS = {
  habillage: { colour: "#ffffff", shape: "line", width: 1, classes: ["HabillageLignesPCRS", "HabillageEnveloppePCRS", "HabillagePointsPCRS", "HabillageSymbolePCRS"] },
  voirie: { colour: "#29c5ff", shape: "line", width: 2, classes: ["LimiteVoiriePCRS", "MarcheEscalierPCRS"] },
  bati: { colour: "#ff6f4e", shape: "line", width: 2, classes: ["FacadePCRS", "SeuilPCRS", "ProeminenceBatiPCRS"] },
  cloture: { colour: "#d6a8ff", shape: "line", width: 1.6, classes: ["MurPCRS", "PilierRegulierPCRS", "PilierParticulierPCRS"] },
  ouvrage: { colour: "#ffe08a", shape: "line", width: 2, classes: ["PilePontPCRS", "QuaiFluvioMaritimePCRS"] },
  rail: { colour: "#f4f4f4", shape: "rail", width: 1.6, classes: ["RailPCRS", "QuaiRailPCRS"] },
  vegetal: { colour: "#5ee08a", shape: "dot", width: 2, classes: ["ArbrePCRS"] },
  affleurant: { colour: "#828282", shape: "cover", width: 1.6, classes: ["AffleurantEnveloppePCRS", "AffleurantLignesPCRS", "AffleurantPointPCRS", "AffleurantSymbolePCRS"] },
  texte: { colour: "#ffffff", shape: "text", width: 0, classes: ["NomVoiriePCRS", "NumeroVoiriePCRS", "HabillageTextePCRS"] },
};

const sides = { straight: { G: "left", D: "right" }, turned: { G: "right", D: "left" } };
const kept = new Map();

/** The styles of a feature of a group; `network` is the colour of the network that a cover belongs to. */
export function styleOf(name, feature, network = null) {
  const group = GROUPS[name];
  if (group.shape === "text") return written(feature);
  const colour = network ?? group.colour;
  const shape = feature.getGeometry().getType();
  const key = `${name} ${shape} ${colour}`;
  if (!kept.has(key)) kept.set(key, drawn(group, shape, colour));
  return kept.get(key);
}

function drawn(group, shape, colour) {
  if (shape.endsWith("Point")) return [dot(group, colour)];
  const line = (color, width, lineDash) => new ol.style.Style({ stroke: new ol.style.Stroke({ color, width, lineDash }) });
  const styles = [line(CASING, group.width + 2.4), line(colour, group.width, group.shape === "rail" ? [7, 5] : undefined)];
  if (shape.endsWith("Polygon")) {
    const fill = group.shape === "cover" ? `${colour}8c` : "rgba(255, 255, 255, 0.08)";
    styles.unshift(new ol.style.Style({ fill: new ol.style.Fill({ color: fill }) }));
  }
  return styles;
}

function dot(group, colour) {
  const look = {
    fill: new ol.style.Fill({ color: colour }),
    stroke: new ol.style.Stroke({ color: group.shape === "cover" ? "#ffffff" : CASING, width: 1.4 }),
  };
  const image =
    group.shape === "cover"
      ? new ol.style.RegularShape({ ...look, points: 4, radius: 5, angle: Math.PI / 4 })
      : new ol.style.Circle({ ...look, radius: group.shape === "dot" ? 5 : 2.5 });
  return new ol.style.Style({ image });
}

/** A text along its azimuth (clockwise from the north, as the standard has it), never upside down. */
function written(feature) {
  const along = ((Number(feature.get("angleRotation") ?? 90) - 90) * Math.PI) / 180;
  const turned = Math.cos(along) < -1e-9;
  return new ol.style.Style({
    text: new ol.style.Text({
      text: String(feature.get("libelle") ?? ""),
      font: TEXT,
      rotation: turned ? along + Math.PI : along,
      textAlign: sides[turned ? "turned" : "straight"][feature.get("justification")] ?? "center",
      fill: new ol.style.Fill({ color: "#ffffff" }),
      stroke: new ol.style.Stroke({ color: "rgba(16, 22, 26, 0.85)", width: 3.5 }),
      overflow: true,
    }),
  });
}
