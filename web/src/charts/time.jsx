// Bytes over time: uPlot, told our colours, units and marks.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

import { bytes } from "../format.js";
import { colours, onTheme } from "../theme.js";
import { rangeOf } from "./spark.js";
import { byteSplits } from "./series.js";

const HEIGHT_PX = 240;
const AXIS_PX = 70;
const LABEL_PX = 14;
const TIME_SPACE_PX = 84; // between two labels that tell seconds

// By the step between two labels: how a label reads, and what it says more of when a year, a day or a
// minute begins.
const TIME_FORMATS = [
  [86400, "{DD} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, "\n{DD} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, "\n{DD} {MMM}", null, null, null, 1],
];

function alpha(colour, share) {
  return `color-mix(in srgb, ${colour} ${share * 100}%, transparent)`;
}

function axisOf(palette) {
  return {
    stroke: palette.dim,
    grid: { stroke: palette.line, width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
}

// lines: [{ label, colour, dash, fill }], colour a name of app.css.
function seriesOf(lines, palette) {
  return lines.map(({ label, colour, dash, width = 1.7, hidden }) => ({
    label,
    stroke: hidden ? "transparent" : palette[colour],
    width,
    dash,
    points: { show: false },
    value: (_, value) => bytes(value ?? null),
  }));
}

// A word that can be read whatever lies below it.
function writeOn(ctx, background, { label, left, bottom, width, ratio }) {
  const colour = ctx.fillStyle;
  ctx.textAlign = "left";
  ctx.fillStyle = background;
  ctx.globalAlpha = 0.75;
  ctx.fillRect(left - 2 * ratio, bottom - 10 * ratio, width + 4 * ratio, 13 * ratio);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(label, left, bottom);
}

// marks: [{ time_s, label, colour, isBold }], upright lines with a word at their top; what is bold has the
// first line of words for itself and is drawn through.
function drawMarks(plot, marks, palette) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  const labelled = [-Infinity, -Infinity]; // where the last word of each line ends
  for (const { time_s, label, colour, isBold } of marks) {
    const x = Math.round(plot.valToPos(time_s, "x", true));
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.strokeStyle = ctx.fillStyle = palette[colour];
    ctx.setLineDash(isBold ? [] : [3 * ratio, 3 * ratio]);
    ctx.lineWidth = (isBold ? 1.5 : 1) * ratio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const line = isBold ? 0 : 1;
    const late = x + width + 8 * ratio > bbox.left + bbox.width;
    const left = late ? x - width - 5 * ratio : x + 5 * ratio;
    if (left < labelled[line]) continue; // it would be written over the one before
    const bottom = bbox.top + (line + 1) * LABEL_PX * ratio;
    writeOn(ctx, palette.card, { label, left, bottom, width, ratio });
    labelled[line] = left + width + 10 * ratio;
  }
  ctx.restore();
}

function plotOf(host, props, palette) {
  const { data, lines, bands = [], marks = [] } = props;
  const axis = axisOf(palette);
  return new uPlot(
    {
      width: Math.max(host.clientWidth, 240),
      height: HEIGHT_PX,
      tzDate: (time_s) => uPlot.tzDate(new Date(time_s * 1000), "Etc/UTC"),
      cursor: { y: false, drag: { x: true, y: false } },
      legend: { live: true },
      scales: {
        y: {
          range: (_, low, high) => {
            const range = rangeOf([low ?? 0, high ?? 1]);
            return [range.low, range.high * 1.04];
          },
        },
      },
      axes: [
        { ...axis, values: TIME_FORMATS, space: TIME_SPACE_PX },
        {
          ...axis,
          size: AXIS_PX,
          splits: (_, __, low, high) => byteSplits(low, high, 5),
          values: (_, splits) => splits.map((value) => bytes(value)),
        },
      ],
      series: [
        { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
        ...seriesOf(lines, palette),
      ],
      bands: bands.map(({ series, colour, share }) => ({
        series,
        fill: alpha(palette[colour], share),
      })),
      hooks: { draw: [(plot) => drawMarks(plot, marks, palette)], setCursor: [showNewest] },
    },
    data,
    host,
  );
}

// Without a pointer the legend tells the newest that is known of each line.
function showNewest(plot) {
  if (plot.cursor.idx != null) return;
  plot.setLegend({
    idxs: plot.data.map((column) => column.findLastIndex((value) => value != null)),
  });
}

const PALETTE = [
  "card",
  "text",
  "dim",
  "line",
  "accent",
  "leak",
  "growing",
  "saturating",
  "healthy",
  "warming",
];

// data: columns as uPlot takes them; shape: lines, bands and marks as above. label is what the chart says
// to those who do not see it.
export function TimeChart({ data, lines, bands, marks, label }) {
  const host = useRef(null);
  const plot = useRef(null);
  const shape = JSON.stringify([lines, bands, marks]);
  useEffect(() => {
    const node = host.current;
    if (!node) return undefined; // gone before it was shown
    function make() {
      plot.current?.destroy();
      plot.current = plotOf(node, { data, lines, bands, marks }, colours(PALETTE));
    }
    make();
    const offTheme = onTheme(make);
    const observer = new ResizeObserver(([{ contentRect }]) =>
      plot.current.setSize({ width: Math.max(contentRect.width, 240), height: HEIGHT_PX }),
    );
    observer.observe(node);
    return () => {
      offTheme();
      observer.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(data);
    if (plot.current) showNewest(plot.current);
  }, [data]);
  return <div ref={host} class="chart" role="group" aria-label={label} />;
}
