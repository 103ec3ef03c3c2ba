// What the parts of the page have in common: tables, buttons in them, the question whether one is sure.

import { byId, make, say } from "./elements.js";
import { language, text } from "./language.js";

/** A table; `heads` are keys of texts, a cell is a text, an element, or nothing. */
export function table(title, heads, rows) {
  if (!rows.length) return make("p", { class: "note" }, text("adminNothing"));
  const head = make("tr", {}, ...heads.map((key) => make("th", { scope: "col" }, text(key))));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell ?? ""))));
  return make("table", {}, make("caption", {}, title), make("thead", {}, head), make("tbody", {}, ...body));
}

/** A moment as the language writes it. */
export function moment(iso) {
  if (!iso) return "";
  return new Date(iso).toLocaleString(language() === "fr" ? "fr-FR" : "en-GB", { dateStyle: "short", timeStyle: "short" });
}

/** A word that is seen at once; `kind`: "bad", "look" or nothing. */
export function state(word, kind = "") {
  return make("span", { class: `state ${kind}` }, word);
}

/** A button; what goes wrong when it is pressed is told. `of` names what it is about, for who does not see it. */
export function button(label, of, act) {
  const found = make("button", { type: "button", "aria-label": `${label} : ${of}` }, label);
  found.addEventListener("click", async () => {
    found.disabled = true;
    try {
      await act();
    } catch (fault) {
      say(fault.message || text("unreachable", "PCRS"));
    } finally {
      found.disabled = false;
    }
  });
  return found;
}

/** Asks whether one is sure: the reason ("" where none is given), or null. `asked`: "needed", "offered" or nothing. */
export function sure(title, yes, asked = "") {
  const dialog = byId("sure");
  const reason = byId("sure-reason");
  byId("sure-title").textContent = title;
  byId("sure-yes").textContent = yes;
  byId("sure-why").hidden = !asked;
  reason.required = asked === "needed";
  reason.minLength = asked === "needed" ? 3 : 0;
  reason.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes" ? reason.value.trim() : null), { once: true });
  });
}
