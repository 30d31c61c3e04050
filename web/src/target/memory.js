// A target's memory beyond its live heap, as /memory tells it. Pure functions.

const LINES = [
  { key: "resident", label: "RSS", colour: "growing" },
  { key: "inuse", label: "spans in use", colour: "healthy", width: 1 },
];
const LIMITS = [
  { key: "limit", label: "limit", colour: "leak", dash: [6, 4] },
  { key: "gomemlimit", label: "GOMEMLIMIT", colour: "leak", dash: [2, 4] },
  { key: "nextGC", label: "next GC", colour: "healthy", dash: [4, 3], width: 1 },
];
// A limit further away than this many times what is resident would press all else to the floor; it is
// told in words only.
const LIMIT_IN_SIGHT = 3;

function seconds(time) {
  return Date.parse(time) / 1000 || null;
}

function limitsInSight(memory, history) {
  const highest = Math.max(...history.map(({ resident }) => resident));
  return LIMITS.filter(({ key }) => memory[key] > 0 && memory[key] < LIMIT_IN_SIGHT * highest);
}

// { columns, lines } for the chart: the history of those figures that are known, and the limits of now.
// Null when there is nothing to draw.
export function memoryLines(memory) {
  const history = (memory?.history ?? []).filter(({ at }) => seconds(at));
  if (history.length < 2) return null;
  const past = LINES.filter(({ key }) => history.some((row) => row[key] > 0));
  const limits = limitsInSight(memory, history);
  return {
    columns: [
      history.map(({ at }) => seconds(at)),
      ...past.map(({ key }) => history.map((row) => (row[key] > 0 ? row[key] : null))),
      ...limits.map(({ key }) => history.map(() => memory[key])),
    ],
    lines: [...past, ...limits].map(({ key, ...line }) => line),
  };
}
