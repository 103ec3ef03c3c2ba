// The tile grid of the imagery, as OpenLayers needs it.

import { L93 } from "./crs.js";

export const L93_URI = "http://www.opengis.net/def/crs/EPSG/0/2154";
const PIXEL_M = 0.00028; // the pixel of OGC scale denominators

/** The scale that a resolution (metres per CSS pixel) has on a screen. */
export function scaleOf(resolution) {
  return resolution / PIXEL_M;
}

/**
 * How many tile pixels stand for one pixel of CSS: a power of two, no less than the density of the screen, so
 * that tiles are never drawn larger than they are.
 */
function density() {
  return 2 ** Math.min(2, Math.max(0, Math.ceil(Math.log2(globalThis.devicePixelRatio || 1) - 0.01)));
}

/**
 * View resolutions, coarsest first: those at which a pixel of a tile is a pixel of the screen, whatever its
 * density, and two finer ones to look at single pixels.
 */
export function viewResolutions(grid) {
  const share = (globalThis.devicePixelRatio || 1) / density();
  const native = grid.resolutions.slice(grid.first).map((resolution) => resolution * share);
  const finest = native.at(-1);
  return [...native, finest / 2, finest / 4];
}

/** `action` is run when the page comes to a screen of another density, or is magnified. */
export function whenDensityChanges(action) {
  const same = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
  const changed = () => {
    action();
    whenDensityChanges(action);
  };
  same.addEventListener("change", changed, { once: true });
}

/**
 * The source of a WMTS layer on the native grid, by its REST address. On a dense screen tiles of a finer level
 * are drawn smaller.
 */
export function tileSource(layer, grid) {
  const ratio = density();
  const address = new URL(`wmts/${layer}/${grid.id}/{z}/{x}/{y}.jpeg`, document.baseURI).href;
  return new ol.source.XYZ({
    projection: L93,
    tileGrid: new ol.tilegrid.TileGrid({
      origin: grid.origin,
      resolutions: grid.resolutions.map((resolution) => resolution * ratio),
      minZoom: grid.first,
      tileSize: 256 / ratio,
    }),
    tilePixelRatio: ratio,
    interpolate: true,
    url: address.replaceAll("%7B", "{").replaceAll("%7D", "}"),
    transition: 120,
  });
}
