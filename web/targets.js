// The targets: a table, worst first; a row opens to its history, its largest sites and its gates.

import { sparkline } from "./chart.js";
import { bytes, duration } from "./format.js";
import { h, keyed, render } from "./dom.js";
import {
  badge, gatesTable, growthText, load, loadSeries, sitesTable, timeAgo, typesTable,
} from "./parts.js";

const COLUMNS = 7;
const PAGE_ROWS = 100;
const WORST_FIRST = [
  "leak", "growing", "saturating", "step", "sawtooth", "load-coupled", "unresolvable", "churn", "warming", "healthy",
];

let rowsMax = PAGE_ROWS;

function worry({ health, heap }) {
  const rank = WORST_FIRST.indexOf(heap?.verdict);
  if (rank === 0 || rank === 1) return rank;
  return health === "down" ? 2 : rank < 0 ? 99 : 3 + rank;
}

function compare(a, b) {
  return worry(a) - worry(b) || a.labels.job.localeCompare(b.labels.job)
    || a.labels.instance.localeCompare(b.labels.instance, undefined, { numeric: true });
}

function matches(target, words) {
  const { labels, health, heap } = target;
  const text = [labels.job, labels.instance, health, heap?.verdict].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function stateCell({ health }) {
  return h("span", { class: `state h-${health}` }, health);
}

function verdictCell({ verdict, suspects }) {
  const note = suspects > 0 ? h("span", { class: "note" }, `${suspects} suspect${suspects > 1 ? "s" : ""}`) : null;
  return [badge(verdict), note];
}

function scrapeCell({ lastError, lastScrape }) {
  return lastError ? h("bdi", { class: "bad", title: lastError }, lastError) : timeAgo(lastScrape);
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, h("bdi", {}, value))];
}

function buildText({ module, version, vcs_revision: revision, go_version: go, source }) {
  return [module, version, revision?.slice(0, 12), go].filter(Boolean).join(" ") + ` (found by ${source})`;
}

function factsOf(target) {
  const { heap, build } = target;
  return h("dl", { class: "facts" },
    fact("Scraped", `${target.scrapeUrl} every ${target.scrapeInterval}`
      + (target.lastScrape ? `, last in ${duration(target.lastScrapeDuration)}` : "")),
    target.lastError ? fact("Error", target.lastError) : null,
    fact("Labels", Object.entries(target.labels).map(([name, value]) => `${name}="${value}"`).join(", ")),
    build ? fact("Runs", buildText(build)) : null,
    heap ? fact("Allocates", `${bytes(heap.alloc_bytes_per_second)}/s`) : null,
    heap ? fact("Sites", `${heap.sites}, of which ${heap.followed_sites} are large enough to be followed`) : null,
    heap?.restarts > 0 ? fact("Restarts seen", String(heap.restarts)) : null);
}

function panel() {
  const facts = h("div");
  const chart = h("div", { class: "chart-host" });
  const types = h("div");
  const sites = h("div");
  const gates = h("div");
  const node = h("div", { class: "panel" }, facts, chart,
    h("div", { class: "reasons" },
      h("div", {}, h("h3", {}, "Largest types"), types),
      h("div", {}, h("h3", {}, "Largest sites"), sites),
      h("div", {}, h("h3", {}, "Why this verdict"), gates)));
  return {
    node,
    update(target) {
      render(facts, target, factsOf);
      loadSeries(chart, target.id, null, target.heap?.growing_since);
      load(types, `targets/${target.id}/types?limit=10&sort=inuse`, typesTable);
      load(sites, `targets/${target.id}/sites?limit=10&sort=inuse`, sitesTable);
      load(gates, `targets/${target.id}`, (data) => gatesTable(data.gates ?? []));
    },
  };
}

function row() {
  const cells = Array.from({ length: COLUMNS }, () => h("td"));
  const [state, name, verdict, inuse, rate, spark, scrape] = cells;
  ["c-state", "c-name", "c-verdict", "c-inuse num", "c-growth num", "c-spark", "c-scrape"]
    .forEach((names, i) => { cells[i].className = names; });
  const button = h("button", { type: "button", "aria-expanded": "false" });
  name.append(button);
  const line = h("tr", { class: "target" }, cells);
  const node = h("tbody", {}, line);
  let target = null;
  let open = null; // { line, panel } while the row is open

  function toggle() {
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      open.line.remove();
      open = null;
      return;
    }
    const inside = panel();
    open = { panel: inside, line: h("tr", { class: "open" }, h("td", { colspan: COLUMNS }, inside.node)) };
    node.append(open.line);
    inside.update(target);
  }
  line.addEventListener("click", toggle);

  return {
    node,
    update(item) {
      target = item;
      const heap = item.heap ?? {};
      render(state, { health: item.health }, stateCell);
      render(button, item.labels, (labels) => [
        h("bdi", { class: "job", title: labels.job }, labels.job),
        h("bdi", { class: "instance", title: labels.instance }, labels.instance)]);
      render(verdict, { verdict: heap.verdict, suspects: heap.suspects }, verdictCell);
      render(inuse, heap.inuse_bytes, (value) => bytes(value));
      render(rate, heap, growthText);
      render(spark, heap.sparkline, sparkline);
      render(scrape, { lastError: item.lastError, lastScrape: item.lastScrape }, scrapeCell);
      open?.panel.update(item);
    },
  };
}

export function showMoreTargets() {
  rowsMax += 5 * PAGE_ROWS;
}

// Shows the first rows of those that match the filter; returns how many matching ones are left out.
export function showTargets(table, targets, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = targets.filter((target) => matches(target, words)).sort(compare);
  keyed(table, found.slice(0, rowsMax), (target) => target.id, row);
  return Math.max(0, found.length - rowsMax);
}
