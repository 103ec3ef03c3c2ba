// The extracts that were asked for: kept by this browser, or by the service for who entered; followed, fetched, given up.

import { byId, make } from "./elements.js";
import { json } from "./features.js";
import { shortName } from "./dalles.js";
import { bytes, moment, number, text, whenLanguageChanges } from "./language.js";

const KEPT = `pcrs.jobs ${new URL(".", document.baseURI).pathname}`;
const LOOK_MS = 1500;
const PROCESSES = new Set(["extraction", "dalles"]);
const ENDED = new Set(["successful", "failed", "dismissed", "gone"]);

function address(path) {
  return new URL(`ogcapi/${path}`, document.baseURI);
}

export class Jobs {
  #known = recalled(); // { id, title, formats, status, own, … }, the newest first
  #who = { connu: false };
  #lines = new Map();
  #timer = null;

  constructor() {
    whenLanguageChanges(() => this.#show());
    if (this.#known.length) this.#look();
  }

  /** Who entered sees the jobs of its token or account, wherever they were asked for; who left sees them no more. */
  async recall(who) {
    this.#who = who;
    const listed = who.connu ? await listedJobs() : [];
    const theirs = new Set(listed.map((job) => job.id));
    this.#known = this.#known.filter((job) => !job.own || theirs.has(job.id));
    const known = new Set(this.#known.map((job) => job.id));
    this.#known.push(...listed.filter((job) => !known.has(job.id)));
    for (const job of this.#known) if (theirs.has(job.id)) job.own = true;
    this.#keep();
    this.#show();
    if (listed.length) this.#look();
  }

  /** Follows a job that was just made; without a token or an account its address is all that leads to it. */
  add(job) {
    this.#known.unshift({ ...job, own: this.#who.connu });
    this.#keep();
    this.#show();
    this.#look();
  }

  async #look() {
    clearTimeout(this.#timer);
    await Promise.all(this.#known.filter((job) => !ENDED.has(job.status) || (job.status === "successful" && !job.file)).map((job) => this.#follow(job)));
    this.#keep();
    this.#show();
    if (this.#known.some((job) => !ENDED.has(job.status))) this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  async #follow(job) {
    try {
      const response = await fetch(address(`jobs/${job.id}`));
      if (response.status === 404) {
        job.status = "gone";
        return;
      }
      if (!response.ok) return;
      const { status, progress, message, expires } = await response.json();
      if (status === "successful") {
        const [output, made] = Object.entries(await json(address(`jobs/${job.id}/results`))).find(([, value]) => value.href);
        job.file = { href: `ogcapi/jobs/${job.id}/results/${output}/${encodeURIComponent(made.title)}`, length: made.length };
      }
      if (status !== job.status && ENDED.has(status)) byId("jobs-said").textContent = `${job.title} : ${text(`job_${status}`)}`;
      Object.assign(job, { status, progress, message, expires });
    } catch {
      // the next look may find it
    }
  }

  async #dismiss(job) {
    try {
      if (job.status !== "gone") await fetch(address(`jobs/${job.id}`), { method: "DELETE" });
    } catch {
      return;
    }
    this.#known = this.#known.filter((other) => other !== job);
    this.#keep();
    this.#show();
    byId("jobs-said").textContent = `${job.title} : ${text("jobTaken")}`;
    byId(this.#known.length ? "jobs-title" : "basket-title").focus();
  }

  #keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.#known.filter((job) => !job.own)));
    } catch {
      // the list then lasts as long as the page
    }
  }

  #show() {
    byId("jobs-box").hidden = !this.#known.length;
    for (const id of [...this.#lines.keys()]) {
      if (!this.#known.some((job) => job.id === id)) {
        this.#lines.get(id).remove();
        this.#lines.delete(id);
      }
    }
    for (const job of this.#known) {
      if (!this.#lines.has(job.id)) this.#lines.set(job.id, this.#line(job));
      fill(this.#lines.get(job.id), job);
    }
    const lines = this.#known.map((job) => this.#lines.get(job.id));
    const list = byId("jobs");
    if ([...list.children].some((line, at) => line !== lines[at]) || list.children.length !== lines.length) list.replaceChildren(...lines);
  }

  #line(job) {
    const end = make("button", { type: "button" });
    end.addEventListener("click", () => this.#dismiss(job));
    const bar = make("progress", { max: "100", "aria-label": job.title });
    return make("li", { "data-job": job.id }, make("strong", {}, job.title), make("span", { class: "formats" }, job.formats), bar, make("p", { class: "state" }), end);
  }
}

/** What a line says of its job now; its button stays where it is, so that the focus does. */
function fill(line, job) {
  const [bar, state, end] = ["progress", ".state", "button"].map((selector) => line.querySelector(selector));
  bar.hidden = ENDED.has(job.status);
  bar.value = job.progress ?? 0;
  const words = job.status === "running" ? `${number(job.progress ?? 0)} % · ${job.message}` : text(`job_${job.status}`);
  const told = `${words}${job.file ? job.file.href : ""}${job.expires ?? ""}`;
  if (state.dataset.told !== told) {
    state.dataset.told = told;
    state.replaceChildren(...(job.file ? fetched(job) : [job.status === "failed" ? `${words} ${job.message}` : words]));
  }
  end.textContent = text(ENDED.has(job.status) ? "jobRemove" : "jobDismiss");
  end.setAttribute("aria-label", `${end.textContent} : ${job.title}`);
}

function fetched(job) {
  const link = make("a", { href: job.file.href, download: "" }, text("jobFetch", bytes(job.file.length ?? 0)));
  return [link, make("span", {}, ` ${text("jobUntil", moment(job.expires))}`)];
}

/** The extracts that the service knows of who entered; none when it does not answer. */
async function listedJobs() {
  try {
    const { jobs } = await json(address("jobs?own=true"));
    return jobs.filter((job) => PROCESSES.has(job.processID) && job.status !== "dismissed").map(listed);
  } catch {
    return [];
  }
}

function listed({ jobID, status, progress, message, expires, created, inputs = {} }) {
  const place = inputs.commune ? `${text("commune")} ${inputs.commune}` : inputs.dalle ? shortName(inputs.dalle) : text("jobArea");
  const formats = (inputs.formats ?? ["zip"]).map((name) => text(`format_${name}`)).join(", ");
  return { id: jobID, status, progress, message: message ?? "", expires, title: `${place} · ${moment(created)}`, formats, own: true };
}

function recalled() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((job) => typeof job?.id === "string" && typeof job.title === "string") : [];
  } catch {
    return [];
  }
}
