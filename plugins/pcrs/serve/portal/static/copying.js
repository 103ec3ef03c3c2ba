// A field with an address and the button that copies it.

import { make } from "./elements.js";
import { text } from "./language.js";

const TOLD_MS = 2000;

/** A field and its button; `name` says of what. */
export function addressField(name, address) {
  const field = make("input", { type: "text", readonly: "", value: address, "aria-label": text("addressOf", name) });
  field.addEventListener("focus", () => field.select());
  const button = make("button", { type: "button", "aria-label": text("copyOf", name) }, text("copy"));
  button.addEventListener("click", () => copyFrom(field, button));
  return make("div", { class: "address" }, field, button);
}

/** The field's text is on the clipboard, and the button says so. */
export async function copyFrom(field, button) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // no clipboard without https: the address is at least marked
    return;
  }
  button.textContent = text("copied");
  setTimeout(() => {
    button.textContent = text("copy");
  }, TOLD_MS);
}
