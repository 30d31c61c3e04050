// In-use bytes over time as SVG: a sparkline for a row, a chart with axes for a panel.

import { bytes } from "./format.js";
import { h, svg } from "./dom.js";

const SPARK = { width: 120, height: 28, pad: 2 };

// The range to draw: at least a quarter of the value, so that noise looks like noise, and from zero
// where zero is near.
function range(values) {
  let low = Math.min(...values);
  const high = Math.max(...values, 1);
  if (low < high / 2) low = 0;
  return { low: Math.min(low, high * 0.75), high };
}

function points(pairs) {
  return pairs.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}

// values: in-use bytes, oldest first, evenly spaced.
export function sparkline(values) {
  const known = (values ?? []).filter((value) => typeof value === "number");
  const { width, height, pad } = SPARK;
  const box = { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" };
  if (known.length < 2) return svg("svg", { ...box, "aria-hidden": "true" });

  const { low, high } = range(known);
  const line = known.map((value, i) => [
    (i / (known.length - 1)) * width,
    height - pad - ((value - low) / (high - low)) * (height - 2 * pad),
  ]);
  const label = `in use from ${bytes(known[0])} to ${bytes(known.at(-1))}`;
  return svg("svg", { ...box, role: "img", "aria-label": label },
    svg("polygon", { class: "area", points: points([[0, height], ...line, [width, height]]) }),
    svg("polyline", { class: "line", points: points(line) }));
}

const MARGIN = { top: 10, right: 14, bottom: 24, left: 64 };
const HEIGHT = 200;
const TIME_STEPS_S = [
  1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, // to half a day
  86400, 172800, 604800, 1209600, 2419200,
];

function ticks(low, high, step) {
  const list = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) list.push(at);
  return list;
}

function clock(time_s, step_s) {
  const text = new Date(time_s * 1000).toISOString();
  if (step_s >= 86400) return text.slice(5, 10);
  return step_s < 60 ? text.slice(11, 19) : text.slice(11, 16);
}

function lowestOf(block) {
  return block.inuse_min_bytes ?? block.inuse_bytes;
}

// What maps times and bytes to places in a chart `width` pixels wide.
function scaleOf(blocks, width) {
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const { low, high } = range(blocks.flatMap((block) => [lowestOf(block), block.inuse_bytes]));
  const start = blocks[0].start;
  const end = Math.max(blocks.at(-1).end, start + 1);
  return {
    low, high, start, end, width,
    x: (time_s) => MARGIN.left + ((time_s - start) / (end - start)) * inner.width,
    y: (value) => MARGIN.top + ((high - value) / (high - low)) * inner.height,
  };
}

function axes(scale) {
  const bytesStep = 2 ** Math.ceil(Math.log2((scale.high - scale.low) / 4));
  const span = scale.end - scale.start;
  const room = Math.max(2, Math.floor(scale.width / 110));
  const timeStep = TIME_STEPS_S.find((step) => span / step <= room) ?? span;
  const right = scale.width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  return [
    ...ticks(scale.low, scale.high, bytesStep).flatMap((value) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: scale.y(value), y2: scale.y(value) }),
      svg("text", { class: "tick end", x: MARGIN.left - 8, y: scale.y(value) + 4 }, bytes(value)),
    ]),
    ...ticks(scale.start, scale.end, timeStep).map((time) =>
      svg("text", { class: "tick middle", x: scale.x(time), y: bottom + 17 }, clock(time, timeStep))),
  ];
}

// Runs of blocks without a hole between them: a line across hours nobody saw would be an invention.
function runs(blocks) {
  const list = [];
  let previous = null;
  for (const block of blocks) {
    if (!previous || block.start - previous.end > 2 * (block.end - block.start)) list.push([]);
    list.at(-1).push(block);
    previous = block;
  }
  return list;
}

function runShapes(run, scale) {
  const middle = (block) => scale.x((block.start + block.end) / 2);
  const mean = run.map((block) => [middle(block), scale.y(block.inuse_bytes)]);
  const lowest = run.map((block) => [middle(block), scale.y(lowestOf(block))]);
  return [
    svg("polygon", { class: "band", points: points([...mean, ...lowest.toReversed()]) }),
    svg("polyline", { class: "line", points: points(mean) }),
  ];
}

function onset(scale, since) {
  const time_s = Date.parse(since) / 1000;
  if (!(time_s > scale.start && time_s < scale.end)) return [];
  const x = scale.x(time_s);
  const late = x > scale.width * 0.7;
  return [
    svg("line", { class: "onset", x1: x, x2: x, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
    svg("text", { class: late ? "tick end" : "tick", x: late ? x - 6 : x + 6, y: MARGIN.top + 10 },
      "growth began"),
  ];
}

// Shows time and value under the pointer.
function follow(chart, blocks, scale, readout) {
  const cursor = svg("line", { class: "cursor", x1: -1, x2: -1, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom });
  const idle = readout.textContent;
  chart.append(cursor);
  chart.addEventListener("pointermove", (event) => {
    const x = event.clientX - chart.getBoundingClientRect().left;
    const block = blocks.findLast((candidate) => scale.x(candidate.start) <= x) ?? blocks[0];
    const at = scale.x((block.start + block.end) / 2);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    readout.textContent = `${clock(block.start, 1)} to ${clock(block.end, 1)} UTC: `
      + `${bytes(block.inuse_bytes)}, lowest ${bytes(lowestOf(block))}`;
  });
  chart.addEventListener("pointerleave", () => {
    cursor.setAttribute("x1", -1);
    cursor.setAttribute("x2", -1);
    readout.textContent = idle;
  });
}

// blocks as of /series; since: when growth began, or null; width in pixels.
export function seriesChart(blocks, since, width) {
  const seen = blocks.filter((block) => typeof block.inuse_bytes === "number");
  if (seen.length < 2) return h("p", { class: "dim" }, "No history yet.");

  const scale = scaleOf(seen, width);
  const label = `in use from ${bytes(seen[0].inuse_bytes)} to ${bytes(seen.at(-1).inuse_bytes)}`;
  const chart = svg("svg", { class: "chart", width, height: HEIGHT, role: "img", "aria-label": label },
    axes(scale), runs(seen).flatMap((run) => runShapes(run, scale)), onset(scale, since));
  const readout = h("p", { class: "readout" }, "Bytes in use, mean and lowest of each block; times in UTC.");
  follow(chart, seen, scale, readout);
  return [chart, readout];
}
