// The suspects: one card each, which opens to its history, its stack and the reasons for the verdict.

import { sparkline } from "./chart.js";
import { bytes, place } from "./format.js";
import { h, keyed, render } from "./dom.js";
import {
  badge, frameOf, functionName, gatesTable, growthText, loadSeries, retention, stackList, timeAgo,
} from "./parts.js";

const CARDS_MAX = 100;

function keyOf(suspect) {
  return `${suspect.target.id}/${suspect.site?.id ?? suspect.type ?? "total"}`;
}

// What leaks: the type where it is known.
function typeLine({ type, kind }) {
  if (!type) return null;
  return h("div", { class: "s-title" },
    h("bdi", { class: "function", title: type }, type), kind ? h("span", { class: "dim" }, kind) : null);
}

// Where it is allocated.
function siteLine({ site, type }) {
  if (!site) {
    return h("div", { class: "s-title" },
      type ? null : h("span", { class: "function" }, "Whole heap"),
      h("span", { class: "dim" }, "no single site explains it"));
  }
  const frame = frameOf(site);
  return h("div", { class: type ? "s-title s-site" : "s-title" }, functionName(frame),
    h("bdi", { class: "place", title: place(frame, true) }, place(frame)));
}

function kept(suspect) {
  const share = retention(suspect);
  return share ? `${share} of what it allocates is never freed` : "allocates nothing at present";
}

function notes({ restarts, recurring, provisional }) {
  const early = "so fast that it is told before it was watched for long";
  if (provisional) return h("span", { class: "note", title: early }, "provisional");
  const before = "it leaked before the last restart, too";
  if (recurring) return h("span", { class: "note", title: before }, "recurring");
  if (restarts > 0) return h("span", { class: "note" }, `${restarts} restart${restarts > 1 ? "s" : ""}`);
  return null;
}

function summaryOf(suspect) {
  const { target } = suspect;
  return [
    h("div", { class: "s-badge" }, badge(suspect.verdict)),
    h("div", { class: "s-what" },
      typeLine(suspect), siteLine(suspect),
      h("div", { class: "s-target" },
        h("bdi", { class: "job", title: target.job }, target.job),
        h("bdi", { class: "instance", title: target.instance }, target.instance),
        suspect.peers.of > 1 ? h("span", { class: "note" },
          `${suspect.peers.with} of ${suspect.peers.of} instances`) : null)),
    h("div", { class: "s-rate" }, growthText(suspect),
      h("div", { class: "dim" }, `${bytes(suspect.inuse_bytes)} in use`)),
    h("div", { class: "s-why" }, h("div", {}, kept(suspect)),
      h("div", { class: "dim" }, "growing since ", timeAgo(suspect.growing_since ?? suspect.since), notes(suspect))),
    h("div", { class: "s-spark" }, sparkline(suspect.sparkline)),
  ];
}

function reasonsOf({ gates, site, type, type_unresolved: unresolved }) {
  return [
    !type && unresolved ? h("p", { class: "dim" }, "The type is not known: ", h("bdi", {}, unresolved)) : null,
    h("div", {}, h("h3", {}, "Why"), gatesTable(gates ?? [])),
    site?.stack?.length > 0 ? h("div", {}, h("h3", {}, "Allocated by"), stackList(site.stack)) : null,
  ];
}

function card() {
  const summary = h("summary");
  const chart = h("div", { class: "chart-host" });
  const reasons = h("div", { class: "reasons" });
  const node = h("details", { class: "suspect" }, summary, h("div", { class: "panel" }, chart, reasons));
  let suspect = null;

  function showPanel() {
    if (!node.open) return;
    const { gates, site, type, type_unresolved } = suspect;
    render(reasons, { gates, site, type, type_unresolved }, reasonsOf);
    loadSeries(chart, suspect.target.id, suspect.site?.id, suspect.growing_since);
  }
  node.addEventListener("toggle", showPanel);

  return {
    node,
    update(item) {
      suspect = item;
      node.className = `suspect v-${item.verdict}`;
      render(summary, { ...item, gates: null }, summaryOf);
      showPanel();
    },
  };
}

// In how many of a job's instances is the same site a suspect? A leak is in the code; one instance alone
// points at its data or its traffic.
function withPeers(suspects, targets) {
  const siteOf = ({ target, site }) => JSON.stringify([target.job, site?.id]);
  const suspectsOf = countBy(suspects, siteOf);
  const instancesOf = countBy(targets, (target) => target.labels.job);
  return suspects.map((suspect) => ({
    ...suspect,
    peers: { with: suspectsOf.get(siteOf(suspect)), of: instancesOf.get(suspect.target.job) },
  }));
}

function countBy(list, keyOfItem) {
  const counts = new Map();
  for (const item of list) counts.set(keyOfItem(item), (counts.get(keyOfItem(item)) ?? 0) + 1);
  return counts;
}

let order = new Map(); // key of a card → its place

// While someone reads or aims, cards stay where they are; new ones come last.
function heldOrder(host, suspects) {
  if (!host.matches(":hover, :focus-within")) return suspects;
  const placeOf = (suspect) => order.get(keyOf(suspect)) ?? suspects.length;
  return suspects.toSorted((a, b) => placeOf(a) - placeOf(b));
}

// Shows the suspects, at most CARDS_MAX; returns how many that are.
export function showSuspects(host, suspects, targets) {
  const list = heldOrder(host, withPeers(suspects, targets)).slice(0, CARDS_MAX);
  order = new Map(list.map((suspect, i) => [keyOf(suspect), i]));
  keyed(host, list, keyOf, card);
  return list.length;
}
