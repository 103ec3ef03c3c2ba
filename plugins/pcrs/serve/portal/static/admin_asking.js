// Asking the service in the session of the page; what it refuses is told in its own words.

export class Refused extends Error {
  /** `status` of the answer; `message` says why. */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The document at a path of the site. */
export async function ask(path, method = "GET", body = null) {
  const sent = { method, cache: "no-store", credentials: "same-origin" };
  if (method !== "GET") Object.assign(sent, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
  const answer = await fetch(new URL(path, document.baseURI), sent);
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, told?.detail ?? String(answer.status));
  return told;
}
