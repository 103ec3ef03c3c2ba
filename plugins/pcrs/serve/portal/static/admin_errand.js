// Long work of the whole site: a button that begins it, where it is, what it said at its end.

import { ask } from "./admin_asking.js";
import { button, state, sure } from "./admin_rows.js";
import { make } from "./elements.js";
import { text } from "./language.js";

const AGAIN_MS = 1500;
const STATES = { "en cours": ["adminErrandUnder", "look"], interrompu: ["adminErrandBroken", "look"], fait: ["adminErrandDone", ""], "échec": ["adminErrandFailed", "bad"] };
const again = new Map();

/** The line of such work, by its path; `shown` is called when it is under way, and when it has ended. */
export async function errandLine(path, label, question, shown) {
  clearTimeout(again.get(path));
  const [where, word] = (await ask(path)).etat;
  const under = where === "en cours";
  if (under) again.set(path, setTimeout(shown, AGAIN_MS));
  const begin = button(label, label, async () => {
    if ((await sure(question, label)) === null) return;
    await ask(path, "POST");
    await shown();
  });
  const [key, kind] = STATES[where] ?? [];
  const told = key ? state(text(key), kind) : null;
  return make("div", { class: "errand" }, under ? null : begin, told, word ? make("small", {}, word) : null);
}
