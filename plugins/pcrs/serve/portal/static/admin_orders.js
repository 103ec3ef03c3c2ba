// Orders of cold objects: approved, or refused for a reason.

import { ask } from "./admin_asking.js";
import { errandLine } from "./admin_errand.js";
import { button, moment, state, sure, table } from "./admin_rows.js";
import { make } from "./elements.js";
import { bytes, text } from "./language.js";

/** Fills the part. */
export async function showOrders(place) {
  const found = await ask("admin/commandes");
  const shown = () => showOrders(place);
  const rows = found.map((one) => [
    make("div", {}, one.id, make("br"), make("small", {}, moment(one["order:date"]))),
    make("div", {}, one.de, make("p", {}, one.motif)),
    `${one.objects} – ${bytes(one.bytes)}`,
    text("adminCost", one.euros, one.hours),
    make("div", {}, state(text(`order_${one.etat}`) ?? one.etat, one.etat === "ordered" ? "look" : ""), one.message ? make("p", {}, one.message) : null, one.decide_par ? make("small", {}, one.decide_par) : null),
    one.etat === "ordered" ? acts(one, shown) : null,
  ]);
  const line = await errandLine("admin/commandes/execution", text("adminBringBack"), text("adminBringBackSure"), shown);
  place.replaceChildren(line, table(text("adminOrders"), ["adminOrder", "adminFrom", "adminObjects", "adminCosts", "adminState", "adminActs"], rows));
}

function acts(one, shown) {
  const approve = button(text("adminApprove"), one.id, async () => {
    if ((await sure(text("adminApproveSure", one.id), text("adminApprove"))) === null) return;
    await ask(`admin/commandes/${one.id}/approbation`, "POST");
    await shown();
  });
  const refuse = button(text("adminRefuse"), one.id, async () => {
    const reason = await sure(text("adminRefuseSure", one.id), text("adminRefuse"), "needed");
    if (reason === null) return;
    await ask(`admin/commandes/${one.id}/refus`, "POST", { motif: reason });
    await shown();
  });
  return make("div", { class: "actions" }, approve, refuse);
}
