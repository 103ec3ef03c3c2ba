// The page put together: configuration, map, layers, tools, address.

import { Address } from "./address.js";
import { Basket } from "./basket.js";
import { Card } from "./card.js";
import { L93, registerSystems } from "./crs.js";
import { Curtain } from "./curtain.js";
import { wireDalleList } from "./dalle_list.js";
import { Dalles } from "./dalles.js";
import { byId, make, say } from "./elements.js";
import { External } from "./external.js";
import { Extract } from "./extract.js";
import { json } from "./features.js";
import { viewResolutions, whenDensityChanges } from "./grid.js";
import { Imagery } from "./imagery.js";
import { Jobs } from "./jobs.js";
import { text, whenLanguageChanges, wireLanguage } from "./language.js";
import { Layers } from "./layers.js";
import { wireLegend } from "./legend.js";
import { Measure } from "./measure.js";
import { wirePanel, yieldToCard } from "./panel.js";
import { wirePosition } from "./position.js";
import { Print } from "./print.js";
import { Search } from "./search.js";
import { fillNames, wireServices } from "./services.js";
import { wireShare } from "./share.js";
import { Signalement } from "./signalement.js";
import { Symbols } from "./symbols.js";
import { Tools } from "./tools.js";
import { VectorObjects } from "./vector.js";

const FRANCE = [100_000, 6_050_000, 1_200_000, 7_100_000];
const SPARED = 1.06; // of the width or the height that everything may pass the frame by, to be seen larger
const NAMED = 0.3; // metres per pixel: nearer, the name beside the pointer would only be in the way

function viewOf(config, center, zoom) {
  const resolutions = viewResolutions(config.grid);
  return new ol.View({
    projection: L93,
    resolutions,
    constrainResolution: true,
    center,
    zoom,
    enableRotation: false,
    extent: ol.extent.buffer(config.extent ?? FRANCE, 100_000),
  });
}

function openMap(config) {
  const view = viewOf(config, ol.extent.getCenter(config.extent ?? FRANCE), 0);
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

function wirePointer(map, dalles, card, { measure, basket, signalement }) {
  const tip = make("div", { class: "tip", "aria-hidden": "true" });
  const place = new ol.Overlay({ element: tip, offset: [14, 14], stopEvent: false });
  map.addOverlay(place);

  map.on("pointermove", (event) => {
    const dalle = event.dragging || measure.active ? null : dalles.at(event.coordinate);
    dalles.hover(dalle);
    map.getTargetElement().classList.toggle("pointing", dalle !== null && !measure.active);
    if (dalle) tip.replaceChildren(make("strong", {}, dalle.getId()), make("span", {}, ` ${dalle.get("edition")}`));
    const telling = dalle && !dalles.isPicked(dalle) && map.getView().getResolution() > NAMED;
    place.setPosition(telling ? event.coordinate : undefined);
  });
  map.getViewport().addEventListener("pointerleave", () => {
    dalles.hover(null);
    place.setPosition(undefined);
  });
  const pick = (position) => {
    if (basket.active) {
      basket.toggle(dalles.at(position));
      return;
    }
    if (signalement.active) {
      signalement.put(position);
      return;
    }
    if (signalement.tell(position)) return;
    card.pick(position);
    place.setPosition(undefined);
    yieldToCard();
  };
  map.on("singleclick", (event) => {
    if (!measure.active) pick(event.coordinate);
  });
  map.getTargetElement().addEventListener("keydown", (event) => {
    if (event.target !== map.getTargetElement() || [measure, basket, signalement].some((tool) => tool.key(event))) return;
    if (event.key === "Escape") card.close();
    if (event.key === "Enter") pick(map.getView().getCenter());
  });
}

function wireBackground(onChange) {
  const choice = byId("background");
  const paint = (ground) => {
    choice.value = ["", "white", "dark"].includes(ground) ? ground : "";
    byId("map").dataset.ground = choice.value;
  };
  choice.addEventListener("change", () => {
    paint(choice.value);
    onChange();
  });
  return { get: () => choice.value || null, set: (ground) => paint(ground ?? "") };
}

/** What the address tells beside the place, by key. */
function partsOf({ layers, external, imagery, curtain, dalles, objects, symbols, legend, position, background }) {
  return {
    dalle: { get: () => dalles.picked?.getId() ?? null, set: (id, placed) => (id ? dalles.show(id, !placed) : undefined) },
    edition: { get: () => imagery.editions.left || null, set: (left) => imagery.show({ left: left ?? "" }) },
    avec: { get: () => (imagery.editions.right === null ? null : imagery.editions.right || "courante"), set: (right) => imagery.show({ right: right === "courante" ? "" : right }) },
    rideau: { get: () => (imagery.editions.right === null || curtain.share === 50 ? null : String(curtain.share)), set: (share) => curtain.hang(Number(share ?? 50) || 0) },
    couleur: { get: () => dalles.mode || null, set: (mode) => dalles.colour(mode ?? "") },
    encre: { get: () => (symbols.over === "image" ? null : symbols.over), set: (over) => legend.change({ over: over ?? "image" }) },
    traits: { get: () => (symbols.pen === 1.6 ? null : String(symbols.pen)), set: (pen) => legend.change({ pen: Math.min(3, Math.max(1, Number(pen) || 1.6)) }) },
    masque: { get: () => objects.hiddenChanged, set: (names) => (objects.hideNamed(names), legend.list()) },
    fond: background,
    crs: { get: () => (position.get() === "EPSG:4326" ? null : position.get()), set: (system) => position.set(system ?? "EPSG:4326") },
    ajout: { get: () => external.state, set: (state) => external.apply(state) },
    couches: { get: () => layers.changed, set: (state) => layers.apply(state) },
  };
}

async function start() {
  registerSystems();
  wireLanguage();
  const [config, symbology] = await Promise.all(["config", "symbologie"].map((document_) => json(`portail/${document_}.json`)));
  document.title = `${config.title} – PCRS`;
  fillNames(config);
  wireServices(config);
  const map = openMap(config);
  const everything = () => showAll(map, config.extent ?? FRANCE);
  wirePanel(() => map.updateSize());
  map.updateSize();
  everything();
  labelZoom(map, everything);
  let address = null;
  const keep = () => address?.keep();

  const symbols = new Symbols(symbology);
  const [imagery, dalles, objects] = [new Imagery(config), new Dalles(map, config), new VectorObjects(map, config, symbols)];
  const layers = new Layers(map);
  for (const [layerName, { layer }] of Object.entries({ imagery, vector: objects, dalles })) layers.add(layerName, layer, byId(`layer-${layerName}`));
  const signalement = new Signalement(map);
  byId("use-signalement").hidden = !config.signalements;
  if (config.signalements) layers.add("signalements", signalement.pins.layer, byId("layer-signalements"));
  else byId("layer-signalements").remove();
  layers.settle();
  const external = new External(map, layers);
  const curtain = new Curtain(map, imagery);
  const legend = wireLegend(objects, symbols, config, keep);
  const position = wirePosition(map, keep);
  const background = wireBackground(keep);
  const measure = new Measure(map);
  const card = new Card(dalles, objects, config);
  const parts = partsOf({ layers, external, imagery, curtain, dalles, objects, symbols, legend, position, background });
  address = new Address(map, config.grid.first, parts);
  const share = wireShare(address, external, config);
  const compare = { open: (open) => open && imagery.editions.right === null && imagery.show({ right: config.editions.find((edition) => edition !== (imagery.editions.left || config.editions[0])) ?? "" }) };
  byId("use-compare").hidden = config.editions.length < 2; // one edition is all that is: nothing to compare
  const basket = new Basket(map, dalles, new Search(map, dalles, config), new Extract(new Jobs()));
  new Tools({ basket, compare, measure, signalement, print: new Print(map, config, imagery), share: { open: (open) => open && share() } });
  wireDalleList(dalles);
  wirePointer(map, dalles, card, { measure, basket, signalement });
  layers.whenChanged(keep);
  imagery.whenShown(keep);
  curtain.whenHung(keep);
  dalles.whenChanged(keep);
  dalles.whenPicked(keep);
  whenDensityChanges(() => {
    const view = map.getView();
    map.setView(viewOf(config, view.getCenter(), view.getZoom()));
    imagery.refresh();
  });
  if (config.extent === null) say(text("nothingYet"));
  map.once("rendercomplete", () => document.body.classList.add("ready"));
  await address.start();
}

start().catch((fault) => {
  console.error(fault);
  say(text("unreachable", "PCRS"));
});
