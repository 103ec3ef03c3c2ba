// Who the browser is for the service, where somebody entered with a token or an account.

const NOBODY = { connu: false, role: "public", nom: "", peut: [] };

/** `{ connu, role, nom, peut }`; the public when the service does not say. */
export async function session() {
  try {
    const response = await fetch(new URL("session", document.baseURI));
    return response.ok ? await response.json() : NOBODY;
  } catch {
    return NOBODY;
  }
}
