// Deliveries: what was found, the report, acceptance and refusal.

import { ask } from "./admin_asking.js";
import { button, moment, state, sure, table } from "./admin_rows.js";
import { make } from "./elements.js";
import { bytes, text } from "./language.js";

const AGAIN_MS = 1500;
const TO_DECIDE = new Set(["contrôlée", "acceptée"]);
const KINDS = { "refusée": "bad", "contrôlée": "look" };
const LEVELS = { error: "bad", warning: "look" };
let again;

/** Fills the part; it looks again while something is under way. */
export async function showDeliveries(place, may) {
  clearTimeout(again);
  const found = await ask("admin/livraisons");
  const shown = () => showDeliveries(place, may);
  const open = new Set([...place.querySelectorAll("[data-delivery]")].map((one) => one.dataset.delivery));
  const rows = found.map((one) => row(one, may, shown, place));
  place.replaceChildren(table(text("adminDeliveries"), ["adminDelivery", "edition", "adminState", "adminFound", "adminReport", "adminActs"], rows));
  for (const one of found) if (open.has(one.id)) await showFiles(one, place);
  if (found.some((one) => [one.acceptation, one.rapport].some(([where]) => where === "en cours"))) again = setTimeout(shown, AGAIN_MS);
}

function row(one, may, shown, place) {
  const name = `${one.chantier || one.dossier.split("/").at(-1)} (${one.id})`;
  const files = Object.entries(one.fichiers).map(([word, count]) => `${count} ${word}`).join(", ");
  const what = make("div", {}, name, make("br"), make("small", {}, `${moment(one.recue)}, ${bytes(one.octets)}, ${files}`));
  return [what, one.edition, standing(one), findings(one, place), report(one, name, may, shown), acts(one, name, may, shown)];
}

function standing(one) {
  const [where, word] = one.acceptation;
  const parts = [state(one.etat, KINDS[one.etat])];
  if (where === "en cours") parts.push(" ", state(text("adminAccepting"), "look"));
  if (where === "échec") parts.push(make("p", {}, `${text("adminFailed")} ${word}`));
  if (where === "interrompu" && one.etat !== "publiée") parts.push(make("p", {}, text("adminBroken")));
  if (one.motif) parts.push(make("p", {}, one.motif));
  return make("div", {}, ...parts);
}

function findings(one, place) {
  const told = Object.entries(LEVELS).filter(([level]) => one.constats[level]).map(([level, kind]) => state(text(level === "error" ? "adminErrors" : "adminWarnings", one.constats[level]), kind));
  return make("div", { class: "actions" }, ...told, button(text("adminFiles"), one.id, () => showFiles(one, place)));
}

async function showFiles(one, place) {
  const whole = await ask(`admin/livraisons/${one.id}`);
  const rows = whole.liste.map((file) => {
    const said = file.findings.map((found) => make("li", {}, state(found.level, LEVELS[found.level]), ` ${found.message}`));
    return [file.name, bytes(file.bytes), file.state, said.length ? make("ul", {}, ...said) : null];
  });
  place.querySelector(`[data-delivery="${one.id}"]`)?.remove();
  const title = `${text("adminFiles")} : ${one.id}${whole.autres ? ` (+ ${whole.autres})` : ""}`;
  place.append(make("div", { "data-delivery": one.id }, table(title, ["file", "basketWeight", "adminState", "adminFound"], rows)));
}

function report(one, name, may, shown) {
  const [where, word] = one.rapport;
  if (where === "en cours") return text("adminReporting");
  const parts = [];
  if (where === "fait") parts.push(make("a", { href: `admin/livraisons/${one.id}/rapport`, target: "_blank", rel: "noopener" }, text("adminReportOpen")));
  if (where === "échec") parts.push(make("p", {}, `${text("adminFailed")} ${word}`));
  if (may("observe")) {
    parts.push(button(text("adminReportMake"), name, async () => {
      await ask(`admin/livraisons/${one.id}/rapport`, "POST");
      await shown();
    }));
  }
  return make("div", { class: "actions" }, ...parts);
}

function acts(one, name, may, shown) {
  if (!may("decide") || !TO_DECIDE.has(one.etat) || one.acceptation[0] === "en cours") return null;
  const accept = button(text("adminAccept"), name, async () => {
    if ((await sure(text("adminAcceptSure", name), text("adminAccept"))) === null) return;
    await ask(`admin/livraisons/${one.id}/acceptation`, "POST");
    await shown();
  });
  const refuse = button(text("adminRefuse"), name, async () => {
    const reason = await sure(text("adminRefuseSure", name), text("adminRefuse"), "needed");
    if (reason === null) return;
    await ask(`admin/livraisons/${one.id}/refus`, "POST", { motif: reason });
    await shown();
  });
  return make("div", { class: "actions" }, accept, one.etat === "contrôlée" ? refuse : null);
}
