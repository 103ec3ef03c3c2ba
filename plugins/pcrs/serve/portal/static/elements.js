// Making elements without markup in strings: what comes from data can then never be markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element of that id. */
export function byId(id) {
  return document.getElementById(id);
}

/** An element with attributes and children (elements or texts); a null child or attribute is left out. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for a drawing. */
export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

let quiet;

/** Tells the reader something for some seconds. */
export function say(message) {
  const place = byId("said");
  place.textContent = message;
  place.hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    place.hidden = true;
  }, 8000);
}
