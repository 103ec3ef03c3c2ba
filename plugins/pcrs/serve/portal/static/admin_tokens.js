// Tokens: made, shown once, revoked.

import { ask } from "./admin_asking.js";
import { button, state, sure, table } from "./admin_rows.js";
import { copyFrom } from "./copying.js";
import { byId, make, say } from "./elements.js";
import { bytes, number, text } from "./language.js";

/** Fills the part. */
export async function showTokens(place) {
  const found = await ask("admin/jetons");
  const shown = () => showTokens(place);
  const rows = found.map((one) => [
    make("div", {}, one.label, make("br"), make("small", { class: "code" }, one.id)),
    one.role,
    [one.layers?.join(", "), one.communes?.join(", ")].filter(Boolean).join(" ; ") || text("adminEverything"),
    text("adminSpent", number(one.aujourdhui.requetes), bytes(one.aujourdhui.octets)),
    make("div", {}, one.bon ? state(text("adminGood")) : state(one.revoked ? text("adminRevoked") : text("adminExpired"), "bad"), one.expires ? make("p", {}, text("adminUntil", one.expires)) : null),
    one.bon ? revoke(one, shown) : null,
  ]);
  place.replaceChildren(table(text("adminTokens"), ["adminTokenName", "adminRole", "adminScope", "adminToday", "adminState", "adminActs"], rows));
}

function revoke(one, shown) {
  return button(text("adminRevoke"), `${one.label} ${one.id}`, async () => {
    if ((await sure(text("adminRevokeSure", one.label), text("adminRevoke"))) === null) return;
    await ask(`admin/jetons/${one.id}`, "DELETE");
    await shown();
  });
}

function words(id) {
  const found = byId(id).value.split(/[\s,;]+/).filter(Boolean);
  return found.length ? found : null;
}

/** The form makes a token and shows it, this once. */
export function wireTokens(place) {
  byId("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = {
      nom: byId("token-name").value,
      role: byId("token-role").value,
      expire: byId("token-expires").value || null,
      couches: words("token-layers"),
      communes: words("token-communes"),
      requetes_jour: byId("token-requests").value ? Number(byId("token-requests").value) : null,
    };
    try {
      const made = await ask("admin/jetons", "POST", wanted);
      byId("token-secret").value = made.jeton;
      byId("token-shown").hidden = false;
      byId("token-shown-title").focus();
      event.target.reset();
      await showTokens(place);
    } catch (fault) {
      say(fault.message);
    }
  });
  byId("token-copy").addEventListener("click", (event) => copyFrom(byId("token-secret"), event.currentTarget));
}

/** The secret is shown no longer. */
export function hideToken() {
  byId("token-secret").value = "";
  byId("token-shown").hidden = true;
}
