// The page of those who run the site: who one is, and the parts that one's role may see.

import { ask } from "./admin_asking.js";
import { showDeliveries } from "./admin_deliveries.js";
import { showOrders } from "./admin_orders.js";
import { showSignalements } from "./admin_signalements.js";
import { ADMIN_EN } from "./admin_texts_en.js";
import { ADMIN_FR } from "./admin_texts_fr.js";
import { hideToken, showTokens, wireTokens } from "./admin_tokens.js";
import { showCopies, showJobs, showJournal } from "./admin_watch.js";
import { byId, say } from "./elements.js";
import { learn, text, whenLanguageChanges, wireLanguage } from "./language.js";
import { fillNames } from "./services.js";
import { wireTabs } from "./tabs.js";

const PARTS = {
  deliveries: { needs: "observe", show: showDeliveries },
  orders: { needs: "decide", show: showOrders },
  signalements: { needs: "moderate", show: showSignalements },
  copies: { needs: "observe", show: showCopies },
  jobs: { needs: "observe", show: showJobs },
  usage: { needs: "statistics", show: () => {} },
  tokens: { needs: "administer", show: showTokens },
  journal: { needs: "administer", show: showJournal },
};
let who = { connu: false, role: "public", nom: "", peut: [], fournisseur: false };
let tabs;

const may = (action) => who.peut.includes(action);
const rows = (name) => byId(`part-${name}`).querySelector(".rows");

async function show(name) {
  hideToken();
  try {
    await PARTS[name].show(rows(name), may);
  } catch (fault) {
    if (fault.status === 401) await look();
    else say(fault.message);
  }
}

function seat() {
  const inside = Object.values(PARTS).some(({ needs }) => may(needs));
  byId("who").textContent = who.connu ? text("adminWho", who.nom, who.role) : "";
  byId("leave").hidden = !who.connu;
  byId("enter").hidden = inside;
  byId("office").hidden = !inside;
  byId("by-provider").hidden = !who.fournisseur;
  byId("enter-note").textContent = who.connu && !inside ? text("adminNoPart", who.role) : "";
  for (const [name, { needs }] of Object.entries(PARTS)) byId(`tab-${name}`).hidden = !may(needs);
  return inside;
}

/** Looks who one is, and shows what that allows. */
async function look() {
  who = await ask("session");
  if (seat()) await tabs.choose(tabs.chosen ?? document.querySelector(".parts [role=tab]:not([hidden])"));
}

function wireDoor() {
  byId("enter-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = byId("enter-token");
    try {
      await ask("session", "POST", { jeton: shown.value });
      shown.value = "";
      await look();
      byId("content").focus();
    } catch (fault) {
      byId("enter-note").textContent = fault.message;
      shown.select();
    }
  });
  byId("leave").addEventListener("click", async () => {
    const told = await ask("session", "DELETE");
    if (told?.suite) location.assign(told.suite);
    else location.reload();
  });
}

async function start() {
  learn(ADMIN_FR, ADMIN_EN);
  wireLanguage();
  fillNames(await ask("portail/config.json"));
  wireDoor();
  wireTokens(rows("tokens"));
  tabs = wireTabs([...document.querySelectorAll(".parts [role=tab]")], (tab) => show(tab.id.slice("tab-".length)));
  await look();
  whenLanguageChanges(() => {
    document.title = `${text("adminTitle")} – PCRS`;
    if (document.body.classList.contains("ready") && seat()) tabs.choose(tabs.chosen);
  });
  document.body.classList.add("ready");
}

start().catch((fault) => {
  console.error(fault);
  say(text("unreachable", "PCRS"));
});
