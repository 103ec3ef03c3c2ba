// Signalements followed up: what may come next is offered, with a note that everyone may read.

import { ask } from "./admin_asking.js";
import { button, moment, state, sure, table } from "./admin_rows.js";
import { make } from "./elements.js";
import { text, language } from "./language.js";

const NEXT = { "reçu": ["vérifié", "rejeté"], "vérifié": ["planifié", "intégré", "rejeté"], "planifié": ["vérifié", "intégré", "rejeté"], "intégré": [], "rejeté": ["reçu"] };

/** Fills the part. */
export async function showSignalements(place) {
  const { features } = await ask("signalements");
  const shown = () => showSignalements(place);
  const rows = features.map(({ id, geometry, properties: told }) => {
    const [lon, lat] = geometry.coordinates;
    const where = make("a", { href: `./#20/${told.l93[0]}/${told.l93[1]}`, title: `${lat}, ${lon}` }, told.maille);
    const steps = told.suite.map((step) => make("li", {}, `${moment(step.le)} : ${step.etat}${step.note ? ` – ${step.note}` : ""}`));
    return [
      make("div", {}, where, make("br"), make("small", {}, moment(told.cree))),
      make("div", {}, make("strong", {}, language() === "fr" ? told.libelle : told.label), make("p", {}, told.texte ?? ""), told.courriel ? make("small", {}, told.courriel) : null),
      told.photo ? make("a", { href: told.photo, target: "_blank", rel: "noopener" }, make("img", { class: "photo", src: told.photo, alt: text("signalPhotoOf", told.libelle), loading: "lazy" })) : null,
      make("div", {}, state(told.etat, told.etat === "reçu" ? "look" : ""), make("ul", {}, ...steps)),
      make("div", { class: "actions" }, ...NEXT[told.etat].map((after) => move(id, after, shown)), erase(id, shown)),
    ];
  });
  place.replaceChildren(table(text("adminSignalements"), ["adminCell", "adminSaid", "signalPhoto", "adminState", "adminActs"], rows));
}

function move(id, after, shown) {
  return button(after, id, async () => {
    const note = await sure(text("adminMoveSure", id, after), after, after === "rejeté" ? "needed" : "offered");
    if (note === null) return;
    await ask(`signalements/${id}/suite`, "POST", { etat: after, note });
    await shown();
  });
}

function erase(id, shown) {
  return button(text("adminErase"), id, async () => {
    if ((await sure(text("adminEraseSure", id), text("adminErase"))) === null) return;
    await ask(`signalements/${id}`, "DELETE");
    await shown();
  });
}
