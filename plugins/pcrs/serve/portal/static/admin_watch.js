// What is only looked at: copies and the 3-2-1 rule, jobs of users, the journal.

import { ask } from "./admin_asking.js";
import { errandLine } from "./admin_errand.js";
import { moment, state, table } from "./admin_rows.js";
import { make } from "./elements.js";
import { bytes, number, text } from "./language.js";

/** How the copies of what is archived stand. */
export async function showCopies(place) {
  const told = await ask("admin/copies");
  const { copies, media, offsite } = told.rule;
  const head = make("p", {}, told.red ? state(text("adminRed", told.red), "bad") : state(text("adminGreen")), ` ${text("adminRule", copies, media, offsite)}`);
  const chantiers = Object.entries(told.chantiers).map(([name, one]) => [name, number(one.objects), bytes(one.bytes), one.red ? state(String(one.red), "bad") : "0", String(one.faulty), String(one.due)]);
  const places = Object.entries(told.targets).map(([name, one]) => [name, number(one.copies), bytes(one.bytes)]);
  const red = told.objects.map((one) => [one.chantier, one.name, one.lacks.join(", ")]);
  const line = await errandLine("admin/copies/relecture", text("adminReadAgain"), text("adminReadAgainSure"), () => showCopies(place));
  place.replaceChildren(
    head,
    line,
    table(text("adminChantiers"), ["chantier", "adminObjects", "basketWeight", "adminInRed", "adminFaulty", "adminDue"], chantiers),
    table(text("adminPlaces"), ["adminPlace", "adminCopies", "basketWeight"], places),
    red.length ? table(text("adminInRed"), ["chantier", "file", "adminLacks"], red) : "",
  );
}

const JOB_KINDS = { failed: "bad", running: "look", accepted: "look" };

/** The last jobs of users. */
export async function showJobs(place) {
  const found = await ask("admin/taches");
  const rows = found.map((one) => [
    one.processus,
    moment(one.cree),
    one.public ? "public" : text("adminHolder"),
    make("div", {}, state(text(`adminJob_${one.etat}`) ?? one.etat, JOB_KINDS[one.etat]), ` ${one.avancement} %`),
    one.message,
    one.id ? make("a", { href: `ogcapi/jobs/${one.id}` }, text("adminOpen")) : null,
  ]);
  place.replaceChildren(table(text("adminJobs"), ["adminProcess", "adminWhen", "adminFrom", "adminState", "adminMessage", "adminActs"], rows));
}

/** Who did what. */
export async function showJournal(place) {
  const told = await ask("admin/journal");
  const rows = told.lignes.map((one) => [moment(one.le), one.qui, one.fait, one.sur, one.mot]);
  const broken = told.rompu === null ? state(text("adminWhole")) : state(text("adminChanged", told.rompu), "bad");
  place.replaceChildren(make("p", {}, broken, " ", make("small", { class: "code" }, told.somme)), table(text("adminJournal"), ["adminWhen", "adminBy", "adminDid", "adminTo", "adminMessage"], rows));
}
