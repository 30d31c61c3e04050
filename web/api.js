// The daemon's REST API. Paths are relative, so that the page works behind a proxy's path prefix.

const TIMEOUT_MS = 10_000;

let session = new AbortController();

// Ends all requests under way, e.g. because nobody is looking.
export function abortAll() {
  session.abort();
  session = new AbortController();
}

async function ask(path, signal) {
  try {
    return await fetch(`api/v1/${path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      cache: "no-store",
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const late = error.name === "TimeoutError";
    throw new Error(late ? `nothing within ${TIMEOUT_MS / 1000} s` : "connection failed");
  }
}

// The `data` of GET api/v1/<path>. Throws an Error whose message is for people, or one that isAbort().
export async function get(path) {
  const { signal } = session;
  const response = await ask(path, signal);
  const body = await response.json().catch((error) => {
    if (signal.aborted) throw error;
    return null;
  });
  if (body?.status !== "success") throw new Error(body?.error ?? `HTTP status ${response.status}`);
  return body.data;
}

export function isAbort(error) {
  return error.name === "AbortError";
}
