// Draws the objects of the page over the site's own imagery. Nothing is loaded from elsewhere.
(function () {
  "use strict";
  const target = document.getElementById("map");
  const said = document.currentScript.dataset;
  if (!target || typeof ol === "undefined") {
    if (target) target.hidden = true;
    return;
  }
  const objects = JSON.parse(document.getElementById("objects").textContent);
  const source = new ol.source.Vector({
    features: new ol.format.GeoJSON().readFeatures(objects, { featureProjection: "EPSG:3857" }),
  });
  const style = new ol.style.Style({
    stroke: new ol.style.Stroke({ color: "#e5005b", width: 2 }),
    fill: new ol.style.Fill({ color: "rgba(229, 0, 91, 0.1)" }),
    image: new ol.style.Circle({
      radius: 5,
      fill: new ol.style.Fill({ color: "#e5005b" }),
      stroke: new ol.style.Stroke({ color: "#ffffff", width: 1.5 }),
    }),
  });
  const imagery = new ol.layer.Tile({
    source: new ol.source.TileWMS({ url: said.wms, params: { LAYERS: said.layer, FORMAT: "image/jpeg" } }),
  });
  const map = new ol.Map({
    target: target,
    layers: [imagery, new ol.layer.Vector({ source: source, style: style })],
    view: new ol.View({ center: [0, 0], zoom: 2, maxZoom: 23 }),
  });
  map.getView().fit(source.getExtent(), { padding: [20, 20, 20, 20], maxZoom: 21 });
})();
