// The address of the page keeps the map: #level/easting/northing&dalle=name&key=value, what is usual left out.

const PLACE = /^(\d{1,2})\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;
const WAIT_MS = 150;

/** What a hash says: { level, position, values }, each only if it is there. */
export function read(hash) {
  const said = { values: new Map() };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const place = PLACE.exec(part);
    if (place) [said.level, said.position] = [Number(place[1]), [Number(place[2]), Number(place[3])]];
    const [, key, value] = /^(\w+)=(.*)$/.exec(part) ?? [];
    if (key) said.values.set(key, decoded(value));
  }
  return said;
}

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return "";
  }
}

function encoded(value) {
  return encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
}

export class Address {
  #map;
  #first;
  #parts; // by key: { get() -> text or null, set(text or null, hasPlace) }
  #waiting = null;
  #following = false;

  /** `first` is the level of the view's coarsest resolution. */
  constructor(map, first, parts) {
    [this.#map, this.#first, this.#parts] = [map, first, parts];
  }

  /** The hash that tells the map as it is. */
  get hash() {
    const view = this.#map.getView();
    const [east, north] = view.getCenter();
    const told = Object.entries(this.#parts).map(([key, part]) => [key, part.get()]);
    const values = told.filter(([, value]) => value !== null && value !== "").map(([key, value]) => `&${key}=${encoded(value)}`);
    return `#${Math.round(view.getZoom()) + this.#first}/${east.toFixed(1)}/${north.toFixed(1)}${values.join("")}`;
  }

  /** Brings the map into the state that a hash tells. */
  async follow(hash) {
    const { level, position, values } = read(hash);
    const view = this.#map.getView();
    this.#following = true;
    if (position) {
      view.setCenter(position);
      view.setZoom(level - this.#first);
    }
    try {
      for (const [key, part] of Object.entries(this.#parts)) await part.set(values.get(key) ?? null, position !== undefined);
    } finally {
      this.#following = false;
    }
    this.keep();
  }

  /** Follows the address, and keeps it true from then on. */
  async start() {
    await this.follow(location.hash);
    addEventListener("hashchange", () => this.follow(location.hash));
    this.#map.on("moveend", () => this.keep());
  }

  /** The address is written again, soon. */
  keep() {
    if (this.#following) return;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => history.replaceState(null, "", this.hash), WAIT_MS);
  }
}
