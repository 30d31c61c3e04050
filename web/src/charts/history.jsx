// The history of one series: in-use with what it never fell below, the growth with its interval, when it
// began; restarts and deploys. A target's chart has more lines; they come as `more`.

import uPlot from "uplot";
import { useMemo } from "preact/hooks";

import { bytes } from "../format.js";
import { Since } from "../parts/words.jsx";
import { TimeChart } from "./time.jsx";
import { eventsOf } from "./events.js";
import { blockColumns, growthFan } from "./series.js";

const INUSE = [
  { label: "in use", colour: "accent", width: 2 },
  { label: "lowest", colour: "accent", width: 0.7 },
];
const FAN = [
  { label: "growth, slowest", colour: "leak", width: 1, dash: [2, 3] },
  { label: "growth, fastest", colour: "leak", width: 1, dash: [2, 3] },
];
const EVENTS_TOLD = 6; // in words; the chart marks all

function secondsOf(time) {
  const ms = Date.parse(time);
  return ms > 0 ? ms / 1000 : null;
}

function onsetOf({ onset, growing_since }) {
  const from_s = secondsOf(onset?.from ?? growing_since);
  return from_s && { from_s, to_s: secondsOf(onset?.to) ?? from_s };
}

function Events({ events }) {
  if (events.length === 0) return null;
  const told = events.slice(-EVENTS_TOLD).reverse();
  return (
    <ul class="events" aria-label="Marks on the chart, newest first">
      {told.map(({ time_s, kind, text }) => (
        <li key={`${time_s}/${kind}`}>
          <i class={`e-${kind}`} aria-hidden="true" />
          <bdi>{text}</bdi>{" "}
          <span class="dim">
            <Since time={new Date(time_s * 1000).toISOString()} />
          </span>
        </li>
      ))}
      {events.length > told.length && (
        <li class="dim">… and {events.length - told.length} earlier</li>
      )}
    </ul>
  );
}

// series as of /series; more: { columns, lines } that are drawn too; deploys as of deploysOf().
export function History({ series, more, deploys = [] }) {
  const blocks = useMemo(() => [...(series.earlier ?? []), ...series.blocks], [series]);
  const columns = useMemo(() => blockColumns(blocks), [blocks]);
  const fan = useMemo(() => growthFan(columns, series), [columns, series]);
  const data = useMemo(() => {
    const tables = [columns, fan, more?.columns].filter(Boolean);
    return tables.length > 1 ? uPlot.join(tables) : columns;
  }, [columns, fan, more]);
  if (columns[0].length < 2) return <p class="dim">No history yet.</p>;
  const bands = [{ series: [1, 2], colour: "accent", share: 0.18 }];
  if (fan) bands.push({ series: [4, 3], colour: "leak", share: 0.1 });
  const known = columns[1].filter((value) => value !== null);
  const events = eventsOf(blocks, deploys, onsetOf(series));
  return (
    <>
      <TimeChart
        data={data}
        lines={[...INUSE, ...(fan ? FAN : []), ...(more?.lines ?? [])]}
        bands={bands}
        marks={events}
        label={`Chart: bytes in use from ${bytes(known[0])} to ${bytes(known.at(-1))}`}
      />
      <Events events={events} />
    </>
  );
}
