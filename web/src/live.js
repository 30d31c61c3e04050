// Answers that stay fresh: asked for again every few seconds while someone looks.

import { useEffect, useState } from "preact/hooks";

import { get, isAbort, isAbsent } from "./api.js";

const PERIOD_MS = 5000;

// ---- whether the daemon answers, for the header ----

const listeners = new Set();
let connection = { answeredAt: null, failure: null };

function report(failure) {
  connection = {
    answeredAt: failure ? connection.answeredAt : new Date().toISOString(),
    failure,
  };
  for (const listener of listeners) listener(connection);
}

export function useConnection() {
  const [state, setState] = useState(connection);
  useEffect(() => {
    listeners.add(setState);
    return () => listeners.delete(setState);
  }, []);
  return state;
}

// ---- one answer ----

const NOTHING = { data: null, error: null, absent: false };

function stateOf(error, before) {
  // What was seen stays on the page: stale, and the header says so.
  if (isAbsent(error)) return { data: null, error, absent: true };
  return { ...before, error };
}

// Runs round() now and again until it returns false, not while the page is hidden. An answer that takes
// long is asked for less often. round() may return how long to wait at least.
function schedule(round, period_ms) {
  let timer = 0;
  let request = new AbortController();
  async function run() {
    if (document.hidden) return;
    const began = performance.now();
    const { signal } = request;
    const least_ms = await round(signal);
    if (least_ms === false || signal.aborted) return;
    const took_ms = performance.now() - began;
    timer = setTimeout(run, Math.max(period_ms, least_ms ?? 0, 4 * took_ms));
  }
  function stop() {
    clearTimeout(timer);
    request.abort();
  }
  function restart() {
    stop();
    request = new AbortController();
    run();
  }
  document.addEventListener("visibilitychange", restart);
  run();
  return () => {
    document.removeEventListener("visibilitychange", restart);
    stop();
  };
}

// { data, error, absent } of load(signal, show), kept fresh as long as `key` stays the same; null asks
// nothing. show() takes what is there so far of an answer in parts. restOf(data), if given, says how many
// milliseconds an answer of that size is good for at least.
export function useLoaded(key, load, period_ms = PERIOD_MS, restOf = null) {
  const [state, setState] = useState({ ...NOTHING, key });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (key === null) return undefined;
    const put = (next) =>
      setState((before) => ({ ...next(before.key === key ? before : NOTHING), key }));
    return schedule(async (signal) => {
      try {
        // Parts only build up the first answer: a later one comes whole, or lines would vanish and return.
        const data = await load(signal, (part) =>
          put((now) =>
            now.data && !now.partial ? now : { ...NOTHING, data: part, partial: true },
          ),
        );
        if (signal.aborted) return;
        put(() => ({ ...NOTHING, data }));
        report(null);
        return restOf?.(data);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        put((before) => stateOf(error, before));
        report(error.status ? null : error.message); // an error the daemon tells of is an answer
        if (isAbsent(error)) return false;
      }
    }, period_ms);
  }, [key, again]);
  const now = state.key === key ? state : NOTHING;
  return { ...now, refresh: () => setAgain((count) => count + 1) };
}

export function useLive(path, period_ms) {
  return useLoaded(path, (signal) => get(path, signal), period_ms);
}

// ---- the clock, for "5 s ago": one for all who show a time ----

const STEP_MS = 1000;
const clocks = new Set();

setInterval(() => {
  if (document.hidden) return;
  const now = Date.now();
  for (const set of clocks) set(now);
}, STEP_MS);

export function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    clocks.add(setNow);
    return () => clocks.delete(setNow);
  }, []);
  return now;
}
