// A target's memory beyond its live heap, as /memory tells it. Pure functions.

const LINES = [
  { key: "rss", label: "RSS", colour: "growing" },
  { key: "limit", label: "limit", colour: "leak", dash: [6, 4] },
  { key: "gomemlimit", label: "GOMEMLIMIT", colour: "leak", dash: [2, 4] },
  { key: "nextGC", label: "next GC", colour: "healthy", dash: [4, 3], width: 1 },
];

function seconds(time) {
  return (typeof time === "number" ? time : Date.parse(time) / 1000) || null;
}

// { columns, lines } for the chart: those figures that were ever known. Null when there is nothing to draw.
export function memoryLines(memory) {
  const history = (memory?.history ?? []).filter(({ at }) => seconds(at));
  const lines = LINES.filter(({ key }) => history.some((row) => row[key] > 0));
  if (history.length < 2 || lines.length === 0) return null;
  return {
    columns: [
      history.map(({ at }) => seconds(at)),
      ...lines.map(({ key }) => history.map((row) => (row[key] > 0 ? row[key] : null))),
    ],
    lines: lines.map(({ key, ...line }) => line),
  };
}

// Restarts and new builds, where the daemon says when they were: [{ at, build }].
export function restartMarks(target) {
  return (target.restartsSeen ?? [])
    .filter(({ at }) => seconds(at))
    .map(({ at, build }) => ({
      time_s: seconds(at),
      label: build ? `deploy ${build}` : "restart",
      colour: "dim",
    }));
}
