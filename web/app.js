// The page: asks the daemon every few seconds and shows what it says; says so when it does not answer.

import { abortAll, get, isAbort } from "./api.js";
import { absolute, ago, duration, secondsSince } from "./format.js";
import { h, render } from "./dom.js";
import { showMoreTargets, showTargets } from "./targets.js";
import { showSuspects } from "./suspects.js";

const PERIOD_MS = 5000;
const byId = (id) => document.getElementById(id);

let timer = 0;
let version = null;
let targets = [];
let answeredAt = null; // when the daemon last answered
let failure = null;    // why it does not, or null

function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

function countOf(list, test) {
  return list.reduce((sum, item) => sum + (test(item) ? 1 : 0), 0);
}

// ---- header ----

function countItem({ count, more = "", word, kind }) {
  return h("li", { class: count > 0 ? `n-${kind}` : "n-none" },
    h("b", {}, count.toLocaleString("en"), more), ` ${word}`);
}

// cut: suspects are the worst of more that the daemon knows.
function showCounts(suspects, cut) {
  const more = cut ? "+" : "";
  const suspected = (kind) => countOf(suspects, ({ verdict }) => verdict === kind);
  const inState = (state) => countOf(targets, ({ health }) => health === state);
  const leaks = suspected("leak");
  const counts = [
    { count: leaks, more, word: leaks === 1 ? "leak" : "leaks", kind: "leak" },
    { count: suspected("growing"), more, word: "growing", kind: "growing" },
    { count: inState("up"), word: "up", kind: "up" },
    { count: inState("down"), word: "down", kind: "down" },
  ];
  const unscraped = inState("unknown");
  if (unscraped > 0) counts.push({ count: unscraped, word: "unscraped", kind: "unknown" });
  render(byId("counts"), counts, (list) => list.map(countItem));
  document.title = leaks > 0 ? `(${leaks}) leakwatchd` : "leakwatchd";
}

function showStatus() {
  document.body.classList.toggle("stale", failure !== null);
  render(byId("status"), failure, (why) => {
    if (why === null) return "live";
    const shown = answeredAt ? `What you see is of ${absolute(answeredAt)}.` : "";
    return `leakwatchd does not answer: ${why}. ${shown} Trying again …`;
  });
}

// Lets "5 s ago" age without asking anyone.
function ageTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = ago(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}

// ---- what stands there when there are no suspects ----

function historySeconds({ heap }) {
  return Math.max(0, Math.floor(secondsSince(heap.first_seen)));
}

// How long a window must be before a leak is named, from the gates of one target; null if unknown.
async function neededSeconds(target) {
  const { gates } = await get(`targets/${target.id}`);
  const limits = (gates ?? []).filter(({ gate }) => gate === "window_s" || gate === "age_window_s")
    .map(({ limit }) => limit ?? 0);
  return Math.max(0, ...limits) || null;
}

function headline(facts) {
  if (facts.targets === 0) return "No targets yet.";
  if (facts.known === 0 && facts.down > 0) return "Nothing can be said: no target answers.";
  if (facts.known === 0) return "Waiting for the first scrapes.";
  return facts.warming === facts.known ? "Warming up." : "No suspects.";
}

function explanation(facts) {
  if (facts.targets === 0) return "Name some under scrape_configs in the configuration, then reload it.";
  const lines = [`${plural(facts.targets, "target")} watched`
    + (facts.history > 0 ? `, longest history ${duration(facts.history)}.` : ".")];
  if (facts.needed) lines.push(`A leak needs at least ${duration(facts.needed)} of history to be named.`);
  const stillWarming = facts.warming < facts.known ? facts.warming : 0; // all of them: the headline says it
  if (stillWarming > 0) lines.push(`${plural(stillWarming, "target")} still warming up.`);
  if (facts.down > 0) lines.push(`${plural(facts.down, "target")} down: nothing new is known there.`);
  return lines.join(" ");
}

function calmOf(facts) {
  const waits = facts.known > 0 && facts.warming === facts.known && facts.needed;
  return [
    h("p", { class: "headline" }, headline(facts)),
    h("p", { class: "dim" }, explanation(facts)),
    waits ? h("progress", { max: facts.needed, value: facts.history, "aria-label": "history" }) : null,
  ];
}

async function showCalm(suspects) {
  const calm = byId("calm");
  if (suspects.length > 0) {
    calm.hidden = true;
    return;
  }
  const known = targets.filter(({ heap }) => heap);
  const oldest = known.toSorted((a, b) => historySeconds(b) - historySeconds(a))[0];
  const facts = {
    targets: targets.length,
    known: known.length,
    warming: countOf(known, ({ heap }) => heap.verdict === "warming"),
    down: countOf(targets, ({ health }) => health === "down"),
    history: oldest ? historySeconds(oldest) : 0,
    needed: oldest ? await neededSeconds(oldest) : null,
  };
  render(calm, facts, calmOf);
  calm.hidden = false;
}

// ---- the round ----

function showTable() {
  const left = showTargets(byId("targets"), targets, byId("filter").value);
  byId("none").hidden = targets.length === 0 || byId("targets").tBodies.length > 0;
  byId("more").hidden = left === 0;
  byId("more-button").textContent = `Show more of ${left.toLocaleString("en")} others`;
}

// A target that was never scraped has a heap of zeros; none at all is nearer to the truth.
function withHeapOrNull(target) {
  return { ...target, heap: target.heap?.first_seen ? target.heap : null };
}

async function refresh() {
  const [active, suspected, build] = await Promise.all([
    get("targets?state=active"),
    get("suspects?verdict=any"),
    version ?? get("status/buildinfo"),
  ]);
  version = build;
  targets = active.activeTargets.map(withHeapOrNull);
  const { suspects, count = suspects.length } = suspected;
  render(byId("version"), version, (info) => h("span", { title: `revision ${info.revision}` }, info.version));
  showCounts(suspects, count > suspects.length);
  const unseen = count - showSuspects(byId("suspects"), suspects, targets);
  byId("suspects-more").hidden = unseen === 0;
  byId("suspects-more").textContent = `… and ${unseen.toLocaleString("en")} more that grow less.`;
  showTable();
  await showCalm(suspects);
}

async function round() {
  if (document.hidden) return;
  const began = performance.now();
  try {
    await refresh();
    answeredAt = new Date().toISOString();
    failure = null;
  } catch (error) {
    if (isAbort(error)) return; // hidden meanwhile
    failure = error.message;
  }
  showStatus();
  ageTimes();
  // A fleet that takes long to list is asked less often.
  timer = setTimeout(round, Math.max(PERIOD_MS, 4 * (performance.now() - began)));
}

function onVisibility() {
  clearTimeout(timer);
  abortAll();
  round();
}

byId("filter").addEventListener("input", showTable);
byId("more-button").addEventListener("click", () => {
  showMoreTargets();
  showTable();
});
document.addEventListener("visibilitychange", onVisibility);
setInterval(ageTimes, 1000);
round();
