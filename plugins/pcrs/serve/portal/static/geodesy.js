// Lengths and areas on the ellipsoid GRS 80 (WGS 84's differs by less than a tenth of a millimetre).

const A = 6_378_137;
const F = 1 / 298.257222101;
const B = A * (1 - F);
const ELLIPSOID = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +no_defs";
const CLOSE = 1e-13;
const STEP_M = 2000; // edges are followed at this distance when an area is taken

function rad(degrees) {
  return (degrees * Math.PI) / 180;
}

/** Metres along the geodesic between two positions (degrees, longitude first); NaN between antipodes. */
export function distance([lon1, lat1], [lon2, lat2]) {
  const [u1, u2] = [lat1, lat2].map((latitude) => Math.atan((1 - F) * Math.tan(rad(latitude))));
  const [sin1, cos1, sin2, cos2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  const apart = rad(lon2 - lon1);
  let lambda = apart;
  for (let round = 0; round < 200; round += 1) {
    const sinSigma = Math.hypot(cos2 * Math.sin(lambda), cos1 * sin2 - sin1 * cos2 * Math.cos(lambda));
    if (sinSigma === 0) return 0;
    const cosSigma = sin1 * sin2 + cos1 * cos2 * Math.cos(lambda);
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cos1 * cos2 * Math.sin(lambda)) / sinSigma;
    const cosAlpha2 = 1 - sinAlpha ** 2;
    const middle = cosAlpha2 === 0 ? 0 : cosSigma - (2 * sin1 * sin2) / cosAlpha2;
    const c = (F / 16) * cosAlpha2 * (4 + F * (4 - 3 * cosAlpha2));
    const before = lambda;
    lambda = apart + (1 - c) * F * sinAlpha * (sigma + c * sinSigma * (middle + c * cosSigma * (2 * middle ** 2 - 1)));
    if (Math.abs(lambda - before) < CLOSE) return along(cosAlpha2, sigma, sinSigma, cosSigma, middle);
  }
  return Number.NaN;
}

/** The last step of Vincenty's inverse formula. */
function along(cosAlpha2, sigma, sinSigma, cosSigma, middle) {
  const u2 = (cosAlpha2 * (A ** 2 - B ** 2)) / B ** 2;
  const a = 1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
  const b = (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
  const last = (b / 6) * middle * (4 * sinSigma ** 2 - 3) * (4 * middle ** 2 - 3);
  const turn = b * sinSigma * (middle + (b / 4) * (cosSigma * (2 * middle ** 2 - 1) - last));
  return B * a * (sigma - turn);
}

/** Metres along a line of positions (degrees). */
export function length(positions) {
  return positions.slice(1).reduce((sum, position, at) => sum + distance(positions[at], position), 0);
}

/** Square metres inside a ring of positions (degrees), by Lambert's azimuthal equal-area plane around it. */
export function area(ring) {
  if (ring.length < 3) return 0;
  const middle = [0, 1].map((axis) => ring.reduce((sum, position) => sum + position[axis], 0) / ring.length);
  const plane = `+proj=laea +lat_0=${middle[1]} +lon_0=${middle[0]} +x_0=0 +y_0=0 ${ELLIPSOID} +units=m`;
  const { forward } = globalThis.proj4(`+proj=longlat ${ELLIPSOID}`, plane);
  const points = followed(ring).map((position) => forward([...position]));
  const twice = points.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** The ring with more positions along its edges, on their geodesics (great circles are near enough). */
function followed(ring) {
  return ring.flatMap((position, at) => {
    const next = ring[(at + 1) % ring.length];
    const parts = Math.max(1, Math.ceil(distance(position, next) / STEP_M));
    return Array.from({ length: parts }, (_, part) => between(position, next, part / parts));
  });
}

function between(one, other, share) {
  const [from, to] = [vector(one), vector(other)];
  const angle = Math.acos(Math.min(1, from.reduce((sum, value, axis) => sum + value * to[axis], 0)));
  if (share === 0 || angle < 1e-12) return one;
  const [a, b] = [Math.sin((1 - share) * angle), Math.sin(share * angle)].map((value) => value / Math.sin(angle));
  const [x, y, z] = from.map((value, axis) => a * value + b * to[axis]);
  return [(Math.atan2(y, x) * 180) / Math.PI, (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI];
}

function vector([longitude, latitude]) {
  const [lon, lat] = [rad(longitude), rad(latitude)];
  return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
}
