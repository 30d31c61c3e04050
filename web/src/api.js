// The daemon's REST API. Paths are relative, so that the page works behind a proxy's path prefix.

import { parseVisible } from "./visible.js";

const TIMEOUT_MS = 15_000;

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status; // of HTTP; 0 when there was no answer
  }
}

// The daemon is of another release, or does not know the thing (any more).
export function isAbsent(error) {
  return error instanceof ApiError && (error.status === 404 || error.status === 405);
}

export function isAbort(error) {
  return error?.name === "AbortError";
}

async function ask(path, { signal, ...init }) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(`api/v1/${path}`, {
      // The browser asks with the ETag it has, and an unchanged answer does not travel again.
      cache: "no-cache",
      ...init,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const late = error.name === "TimeoutError";
    throw new ApiError(late ? `nothing within ${TIMEOUT_MS / 1000} s` : "connection failed", 0);
  }
}

// The envelope, or null when it is none, as from a proxy that answers in the daemon's place.
function parsed(text) {
  try {
    return parseVisible(text);
  } catch {
    return null;
  }
}

async function dataOf(response, signal) {
  const text = await response.text();
  signal?.throwIfAborted();
  const body = parsed(text);
  if (body?.status === "success") return body.data;
  throw new ApiError(body?.error ?? `HTTP status ${response.status}`, response.status);
}

// The `data` of GET api/v1/<path>. Throws an ApiError whose message is for people, or what isAbort().
export async function get(path, signal) {
  return dataOf(await ask(path, { signal }), signal);
}

export async function post(path, body) {
  const response = await ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return dataOf(response);
}
