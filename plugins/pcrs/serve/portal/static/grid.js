// Lambert-93 and its tile grid, as OpenLayers needs them.

export const L93 = "EPSG:2154";
export const L93_URI = "http://www.opengis.net/def/crs/EPSG/0/2154";
const PIXEL_M = 0.00028; // the pixel of OGC scale denominators

const DEFINITION =
  "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 +ellps=GRS80" +
  " +towgs84=0,0,0,0,0,0,0 +units=m +no_defs";

/** OpenLayers knows Lambert-93. */
export function registerLambert93() {
  globalThis.proj4.defs(L93, DEFINITION);
  ol.proj.proj4.register(globalThis.proj4);
}

/** The scale that a resolution (metres per CSS pixel) has on a screen. */
export function scaleOf(resolution) {
  return resolution / PIXEL_M;
}

/** Longitude and latitude of a Lambert-93 position. */
export function toLonLat(position) {
  return ol.proj.transform(position, L93, "EPSG:4326");
}

/** Lambert-93 of a longitude and a latitude. */
export function fromLonLat(lonLat) {
  return ol.proj.transform(lonLat, "EPSG:4326", L93);
}

/** View resolutions: those of the tiles, coarsest first, and two finer ones to look at single pixels. */
export function viewResolutions(grid) {
  const native = grid.resolutions.slice(grid.first);
  const finest = native.at(-1);
  return [...native, finest / 2, finest / 4];
}

/**
 * The source of a WMTS layer on the native grid, by its REST address.
 * On a screen with two pixels for one, tiles of the next level are drawn at half their size: sharp there too.
 */
export function tileSource(layer, grid) {
  const ratio = globalThis.devicePixelRatio >= 1.5 ? 2 : 1;
  return new ol.source.XYZ({
    projection: L93,
    tileGrid: new ol.tilegrid.TileGrid({
      origin: grid.origin,
      resolutions: grid.resolutions.map((resolution) => resolution * ratio),
      minZoom: grid.first,
      tileSize: 256 / ratio,
    }),
    tilePixelRatio: ratio,
    url: new URL(`wmts/${layer}/${grid.id}/{z}/{x}/{y}.jpeg`, document.baseURI).href.replaceAll("%7B", "{").replaceAll("%7D", "}"),
    transition: 120,
  });
}
