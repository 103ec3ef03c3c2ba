// The language of the page: chosen by ?lang=, by an earlier visit, or French.

import { EN } from "./texts_en.js";
import { FR } from "./texts_fr.js";

const TEXTS = { fr: FR, en: EN };
const KEPT = "pcrs.language";
const listeners = [];
let current = initial();

function initial() {
  const asked = new URLSearchParams(location.search).get("lang");
  const kept = asked ?? recall();
  return kept in TEXTS ? kept : "fr";
}

function recall() {
  try {
    return localStorage.getItem(KEPT) ?? "fr";
  } catch {
    return "fr"; // storage may be forbidden
  }
}

function keep(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // the choice then lasts as long as the page
  }
}

/** The language now: "fr" or "en". */
export function language() {
  return current;
}

/** The text `key` in the current language; texts with a blank take what fills it. */
export function text(key, ...filling) {
  const found = TEXTS[current][key];
  return typeof found === "function" ? found(...filling) : found;
}

/** More texts, of a page that has some of its own; before the language is wired. */
export function learn(french, english) {
  Object.assign(TEXTS.fr, french);
  Object.assign(TEXTS.en, english);
}

/** A number as the language writes it. */
export function number(value, decimals = 0) {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return value.toLocaleString(current, digits);
}

const WHOLE = { day: "numeric", month: "long", year: "numeric" };

/** A date (YYYY-MM-DD) as the language writes it. */
export function day(iso, parts = WHOLE) {
  const locale = current === "fr" ? "fr-FR" : "en-GB";
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString(locale, { ...parts, timeZone: "UTC" });
}

/** A moment (ISO 8601) as the language writes it, in the time of the reader. */
export function moment(iso) {
  const locale = current === "fr" ? "fr-FR" : "en-GB";
  return new Date(iso).toLocaleString(locale, { ...WHOLE, hour: "numeric", minute: "2-digit" });
}

/** Bytes in the unit that suits them. */
export function bytes(count) {
  const units = current === "fr" ? ["octets", "ko", "Mo", "Go"] : ["bytes", "kB", "MB", "GB"];
  const rank = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  return `${number(count / 1000 ** rank, rank > 1 ? 1 : 0)} ${units[rank]}`;
}

/** `action` is run now and whenever the language changes. */
export function whenLanguageChanges(action) {
  listeners.push(action);
  action();
}

function apply() {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = text(element.dataset.hint);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === current));
  }
}

/** The buttons choose the language. */
export function wireLanguage() {
  whenLanguageChanges(apply);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      current = button.dataset.language;
      keep(current);
      for (const action of listeners) action();
    });
  }
}
