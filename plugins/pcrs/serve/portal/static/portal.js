// The page put together: configuration, map, layers, panel.

import { wireAddress } from "./address.js";
import { Dalles } from "./dalles.js";
import { byId, make, say } from "./elements.js";
import { json } from "./features.js";
import { L93, fromLonLat, registerLambert93, tileSource, viewResolutions } from "./grid.js";
import { text, whenLanguageChanges, wireLanguage } from "./language.js";
import { wireLayer, wirePanel, yieldToCard } from "./panel.js";
import { wirePosition } from "./position.js";
import { wireServices } from "./services.js";
import { VectorObjects } from "./vector.js";

const FRANCE = [100_000, 6_050_000, 1_200_000, 7_100_000];
const SPARED = 1.06; // of the width or the height that everything may pass the frame by, to be seen larger
const NAMED = 0.3; // metres per pixel: nearer, the name beside the pointer would only be in the way
const NEAR = 2; // positions that are asked for are shown at this many levels from the finest

function imageryLayer(config) {
  const layer = new ol.layer.Tile({ extent: config.extent ?? undefined, preload: 1 });
  const choice = byId("edition");
  const show = () => layer.setSource(tileSource(choice.value, config.grid));
  const current = make("option", { value: config.layer });
  choice.append(current, ...config.editions.map((name) => make("option", { value: `${config.layer}_${name}` }, name)));
  choice.addEventListener("change", show);
  whenLanguageChanges(() => {
    current.textContent = text("currentEdition");
  });
  if (config.extent !== null) show();
  return layer;
}

function openMap(config) {
  const resolutions = viewResolutions(config.grid);
  const view = new ol.View({
    projection: L93,
    resolutions,
    constrainResolution: true,
    center: ol.extent.getCenter(config.extent ?? FRANCE),
    resolution: resolutions[0],
    enableRotation: false,
    extent: ol.extent.buffer(config.extent ?? FRANCE, 100_000),
  });
  const controls = [new ol.control.Zoom({ zoomInTipLabel: " ", zoomOutTipLabel: " " }), new ol.control.ScaleLine({ minWidth: 90 })];
  return new ol.Map({ target: "map", view, controls, keyboardEventTarget: "map" });
}

function showAll(map, extent) {
  const view = map.getView();
  const needed = view.getResolutionForExtent(extent, map.getSize()) / SPARED;
  view.setCenter(ol.extent.getCenter(extent));
  view.setResolution(view.getResolutions().findLast((resolution) => resolution >= needed) ?? view.getMaxResolution());
}

function labelZoom(map, everything) {
  const all = make("button", { type: "button" }, "⌂");
  all.addEventListener("click", everything);
  map.getTargetElement().querySelector(".ol-zoom").append(all);
  const buttons = { ".ol-zoom-in": "zoomIn", ".ol-zoom-out": "zoomOut" };
  whenLanguageChanges(() => {
    for (const [selector, key] of Object.entries(buttons)) name(document.querySelector(selector), key);
    name(all, "zoomAll");
  });
}

function name(button, key) {
  button.title = text(key);
  button.setAttribute("aria-label", text(key));
}

/** Two numbers of a text as a Lambert-93 position; null when it is none. */
function positionIn(words) {
  let numbers = words.match(/-?\d+(?:[.,]\d+)?/g) ?? [];
  if (numbers.length === 1 && words.includes(",")) numbers = words.split(",");
  if (numbers.length !== 2 || /[a-z]/i.test(words)) return null;
  const [first, second] = numbers.map((part) => Number(part.trim().replace(",", ".")));
  if (Math.abs(first) <= 90 && Math.abs(second) <= 180) return fromLonLat([second, first]);
  return first >= 0 && first <= 1_400_000 && second >= 6_000_000 && second <= 7_200_000 ? [first, second] : null;
}

function wireGoto(map, dalles, config) {
  byId("goto").addEventListener("submit", (event) => {
    event.preventDefault();
    byId("said").hidden = true;
    const words = byId("place").value.trim();
    const position = /^\d{4,5}-\d{4,5}$/.test(words) ? null : positionIn(words);
    if (position) {
      const level = config.grid.resolutions.length - 1 - config.grid.first - NEAR;
      map.getView().animate({ center: position, zoom: level, duration: 250 });
      return;
    }
    if (!/^[\w.-]{4,80}$/.test(words)) {
      say(text("noPlace"));
      return;
    }
    dalles.show(words);
  });
}

function wirePointer(map, dalles, objects) {
  const tip = make("div", { class: "tip", "aria-hidden": "true" });
  const place = new ol.Overlay({ element: tip, offset: [14, 14], stopEvent: false });
  map.addOverlay(place);

  map.on("pointermove", (event) => {
    const dalle = event.dragging ? null : dalles.at(event.coordinate);
    dalles.hover(dalle);
    map.getTargetElement().classList.toggle("pointing", dalle !== null);
    if (dalle) tip.replaceChildren(make("strong", {}, dalle.getId()), make("span", {}, ` ${dalle.get("edition")}`));
    const telling = dalle && !dalles.isPicked(dalle) && map.getView().getResolution() > NAMED;
    place.setPosition(telling ? event.coordinate : undefined);
  });
  map.getViewport().addEventListener("pointerleave", () => {
    dalles.hover(null);
    place.setPosition(undefined);
  });
  const pick = (position) => {
    dalles.pick(dalles.at(position), objects.at(position));
    place.setPosition(undefined);
    yieldToCard();
  };
  map.on("singleclick", (event) => pick(event.coordinate));
  map.getTargetElement().addEventListener("keydown", (event) => {
    if (event.key === "Escape") dalles.pick(null);
    if (event.key !== "Enter" || event.target !== map.getTargetElement()) return;
    pick(map.getView().getCenter());
  });
}

function fillNames(config) {
  document.title = `${config.title} – PCRS`;
  byId("title").textContent = config.title;
  byId("operator").textContent = config.operator;
  const licence = byId("licence");
  licence.textContent = config.licence.title;
  licence.href = config.licence.url;
  byId("demo").hidden = !config.demo;
}

async function start() {
  registerLambert93();
  wireLanguage();
  const config = await json("portail/config.json");
  fillNames(config);
  wireServices(config);
  const map = openMap(config);
  const everything = () => showAll(map, config.extent ?? FRANCE);
  wirePanel(() => map.updateSize());
  map.updateSize();
  everything();
  labelZoom(map, everything);
  const imagery = imageryLayer(config);
  const dalles = new Dalles(map, config);
  const objects = new VectorObjects(map, config);
  for (const layer of [imagery, objects.layer, dalles.layer]) map.addLayer(layer);
  wireLayer(imagery, "imagery");
  wireLayer(dalles.layer, "dalles");
  wireLayer(objects.layer, "vector");
  wirePosition(map);
  wirePointer(map, dalles, objects);
  wireGoto(map, dalles, config);
  wireAddress(map, dalles, config.grid.first);
  if (config.extent === null) say(text("nothingYet"));
  map.once("rendercomplete", () => document.body.classList.add("ready"));
}

start().catch((fault) => {
  console.error(fault);
  say(text("unreachable", "PCRS"));
});
