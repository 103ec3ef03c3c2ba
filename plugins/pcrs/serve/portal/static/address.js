// The address of the page keeps where one looks and which dalle is told of: #level/easting/northing&dalle=name.

const PLACE = /^(\d{1,2})\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;
const DALLE = /^dalle=([\w.-]+)$/;

/** What a hash says: { level, position, dalle }, each only if it is there. */
export function read(hash) {
  const said = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const place = PLACE.exec(part);
    if (place) [said.level, said.position] = [Number(place[1]), [Number(place[2]), Number(place[3])]];
    const named = DALLE.exec(part);
    if (named) said.dalle = named[1];
  }
  return said;
}

function written(level, [east, north], dalle) {
  const place = `#${level}/${east.toFixed(1)}/${north.toFixed(1)}`;
  return dalle ? `${place}&dalle=${dalle}` : place;
}

/**
 * Goes where the address says, follows it when it is changed by hand, and keeps it true.
 * `first` is the level of the view's coarsest resolution.
 */
export function wireAddress(map, dalles, first) {
  const view = map.getView();
  let told = null;

  function follow() {
    const { level, position, dalle } = read(location.hash);
    if (position) {
      view.setCenter(position);
      view.setZoom(level - first);
    }
    told = dalle ?? null;
    if (dalle) dalles.show(dalle, !position);
  }

  function keep() {
    const level = Math.round(view.getZoom()) + first;
    history.replaceState(null, "", written(level, view.getCenter(), told));
  }

  follow();
  addEventListener("hashchange", follow);
  dalles.whenPicked((id) => {
    told = id;
    keep();
  });
  map.on("moveend", keep);
}
