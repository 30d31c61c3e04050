// The history of one series: in-use with what it never fell below, the growth with its interval, when it
// began. A target's chart has more lines; they come as `more`.

import uPlot from "uplot";
import { useMemo } from "preact/hooks";

import { bytes } from "../format.js";
import { TimeChart } from "./time.jsx";
import { blockColumns, growthFan, restartTimes } from "./series.js";

const INUSE = [
  { label: "in use", colour: "accent", width: 2 },
  { label: "lowest", colour: "accent", width: 0.7 },
];
const FAN = [
  { label: "growth, slowest", colour: "leak", width: 1, dash: [2, 3] },
  { label: "growth, fastest", colour: "leak", width: 1, dash: [2, 3] },
];

function secondsOf(time) {
  const ms = Date.parse(time);
  return ms > 0 ? ms / 1000 : null;
}

function marksOf(series) {
  const began = secondsOf(series.onset?.from ?? series.growing_since);
  return [
    ...restartTimes(series.blocks).map((time_s) => ({ time_s, label: "restart", colour: "dim" })),
    ...(began ? [{ time_s: began, label: "growth began", colour: "text" }] : []),
  ];
}

// series as of /series; more: { columns, lines } that are drawn too; marks beside those of the series itself.
export function History({ series, more, marks = [] }) {
  const columns = useMemo(() => blockColumns(series.blocks), [series]);
  const fan = useMemo(() => growthFan(columns, series), [columns, series]);
  const data = useMemo(() => {
    const tables = [columns, fan, more?.columns].filter(Boolean);
    return tables.length > 1 ? uPlot.join(tables) : columns;
  }, [columns, fan, more]);
  if (columns[0].length < 2) return <p class="dim">No history yet.</p>;
  const bands = [{ series: [1, 2], colour: "accent", share: 0.18 }];
  if (fan) bands.push({ series: [4, 3], colour: "leak", share: 0.1 });
  const known = columns[1].filter((value) => value !== null);
  return (
    <TimeChart
      data={data}
      lines={[...INUSE, ...(fan ? FAN : []), ...(more?.lines ?? [])]}
      bands={bands}
      marks={[...marksOf(series), ...marks].sort((a, b) => a.time_s - b.time_s)}
      label={`Chart: bytes in use from ${bytes(known[0])} to ${bytes(known.at(-1))}`}
    />
  );
}
