// The pieces that suspects and targets have in common.

import { get, isAbort } from "./api.js";
import { seriesChart } from "./chart.js";
import { UNKNOWN, absolute, ago, bytes, gateFigure, growth, percent, place, shortFunction } from "./format.js";
import { h, render } from "./dom.js";

export function badge(verdict) {
  return h("span", { class: `badge v-${verdict ?? "unknown"}` }, verdict ?? "no data");
}

// "5 min ago", the moment itself on hover. app.js lets the text age.
export function timeAgo(time) {
  const known = Date.parse(time) > 0; // Prometheus writes Go's zero time for "never"
  return known ? h("time", { datetime: time, title: absolute(time) }, ago(time)) : UNKNOWN;
}

export function growthText(verdict) {
  const { value, error } = growth(verdict?.growth_bytes_per_second ?? null,
    verdict?.growth_lower_bytes_per_second ?? null, verdict?.growth_upper_bytes_per_second ?? null);
  return h("span", { class: "rate", title: error ? "with its 95 % interval" : null },
    value, error ? h("span", { class: "error" }, ` ${error}`) : null);
}

export function functionName(frame) {
  return h("bdi", { class: "function", title: frame.function }, shortFunction(frame.function));
}

// Where the code to look at is: the responsible frame, or the allocating one where there is none.
export function frameOf(site) {
  return site.responsible ?? { function: site.function, file: site.file, line: site.line };
}

export function stackList(stack) {
  return h("ol", { class: "stack" }, stack.map((frame) => h("li", {},
    h("bdi", {}, frame.function), h("bdi", { class: "dim" }, place(frame, true)))));
}

function gateRow(gate) {
  const [mark, word] = !gate.judged ? ["·", "not judged"] : gate.passed ? ["✓", "passed"] : ["✗", "not passed"];
  const limit = `${gate.comparison === "<=" ? "≤" : "≥"} ${gateFigure(gate.gate, gate.limit)}`;
  return h("tr", { class: `gate ${word.replace(" ", "-")}` },
    h("td", { class: "mark", title: word }, mark, h("span", { class: "unseen" }, word)),
    h("td", {}, gate.text),
    h("td", { class: "num" }, gate.judged ? gateFigure(gate.gate, gate.value) : UNKNOWN),
    h("td", { class: "num dim" }, limit));
}

// Why the verdict is what it is: each gate on the way to "leak", with its figure and limit.
export function gatesTable(gates) {
  return h("table", { class: "gates" },
    h("caption", {}, "A leak is what passes all of these, repeatedly."),
    h("thead", {}, h("tr", {}, h("th", {}, h("span", { class: "unseen" }, "Result")), h("th", {}, "Gate"),
      h("th", { class: "num" }, "Value"), h("th", { class: "num" }, "Needed"))),
    h("tbody", {}, gates.map(gateRow)));
}

export function retention(verdict) {
  return verdict?.retention_ratio === null || verdict?.retention_ratio === undefined
    ? null : percent(verdict.retention_ratio);
}

function rowOf(row, what, where) {
  const standing = row.followed ? badge(row.verdict)
    : h("span", { title: "too small to be followed over time" }, "not followed");
  return h("tr", {},
    h("td", { class: "site" }, what, h("div", { class: "dim" }, standing, " ", where)),
    h("td", { class: "num" }, bytes(row.inuse_bytes)),
    h("td", { class: "num" }, growthText(row)),
    h("td", { class: "num" }, retention(row) ?? UNKNOWN));
}

function rowsTable(heading, rows, other) {
  const rest = other?.sites > 0 ? h("tr", { class: "dim" },
    h("td", {}, `${other.sites} other sites`), h("td", { class: "num" }, bytes(other.inuse_bytes)),
    h("td", {}), h("td", {})) : null;
  return h("table", { class: "sites" },
    h("thead", {}, h("tr", {}, h("th", {}, heading), h("th", { class: "num" }, "In use"),
      h("th", { class: "num" }, "Growth"),
      h("th", { class: "num", title: "share of what it allocates that is never freed" }, "Kept"))),
    h("tbody", {}, rows, rest));
}

export function sitesTable({ sites, other }) {
  return rowsTable("Allocated in", sites.map((site) => {
    const frame = frameOf(site);
    return rowOf(site, functionName(frame), [h("bdi", { title: place(frame, true) }, place(frame)),
      site.type ? [" ", h("bdi", { class: "type", title: site.type }, site.type)] : null]);
  }), other);
}

// A target whose binary is not known has no types, and says why.
export function typesTable({ types, other, build, buildError }) {
  if (!build) {
    return h("p", { class: "dim" }, "The types are not known: ",
      h("bdi", {}, buildError || "the binary was not looked at yet"));
  }
  return rowsTable("Type", types.map((type) => rowOf(type,
    h("bdi", { class: "type", title: type.type }, type.type),
    `${type.kind}, ${type.sites} site${type.sites === 1 ? "" : "s"}`)), other);
}

// Shows what a GET gives; keeps what is there when it fails and there is something.
export async function load(host, path, build) {
  try {
    const data = await get(path);
    render(host, { data, width: host.clientWidth }, () => build(data));
  } catch (error) {
    if (isAbort(error) || host.querySelector("table, svg")) return;
    render(host, error.message, (text) => h("p", { class: "bad" }, text));
  }
}

export function loadSeries(host, targetId, siteId, since) {
  const path = `targets/${targetId}/series${siteId ? `?site=${siteId}` : ""}`;
  return load(host, path, (data) => seriesChart(data.blocks, since, Math.max(host.clientWidth, 280)));
}
