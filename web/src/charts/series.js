// From the API's blocks of a series to the columns of a chart: [times, values, …]. Pure functions.

// Two blocks further apart than this many of their lengths have a hole between them: a line across
// hours that nobody saw would be an invention.
const HOLE_LENGTHS = 2;

function middle(block) {
  return (block.start + block.end) / 2;
}

function isHole(previous, block) {
  return previous && block.start - previous.end > HOLE_LENGTHS * (block.end - block.start);
}

// Columns time_s, mean and lowest in-use bytes; null in the holes.
export function blockColumns(blocks) {
  const columns = [[], [], []];
  let previous = null;
  for (const block of blocks) {
    if (typeof block.inuse_bytes !== "number") continue;
    const row = [middle(block), block.inuse_bytes, block.inuse_min_bytes ?? block.inuse_bytes];
    if (isHole(previous, block))
      columns.forEach((column, i) => column.push(i ? null : previous.end));
    columns.forEach((column, i) => column.push(row[i]));
    previous = block;
  }
  return columns;
}

// The mean of values since `start`, each weighed by the time it stands for: the blocks of a series are
// longer the older they are.
function meanOver(times, values, start) {
  let sum = 0;
  let weight = 0;
  for (let i = 1; i < times.length; i++) {
    if (times[i] <= start || values[i] === null || values[i - 1] === null) continue;
    const length = times[i] - times[i - 1];
    sum += ((values[i] + values[i - 1]) / 2) * length;
    weight += length;
  }
  return weight > 0 ? sum / weight : null;
}

// The growth and its interval over the window it was measured in, as columns time_s, slowest, fastest:
// two lines that cross in the middle of what was seen. Null when there is no interval.
export function growthFan(columns, verdict) {
  const [times, values] = columns;
  const lo = verdict.growth_lower_bytes_per_second;
  const hi = verdict.growth_upper_bytes_per_second;
  if (lo == null || hi == null || times.length < 2) return null;
  const end = times.at(-1);
  const start = Math.max(times[0], end - verdict.window_seconds);
  const mean = meanOver(times, values, start);
  if (mean === null) return null;
  const at = (rate, time) => Math.max(0, mean + rate * (time - (start + end) / 2));
  const crossing = [start, (start + end) / 2, end];
  return [
    crossing,
    crossing.map((time) => Math.min(at(lo, time), at(hi, time))),
    crossing.map((time) => Math.max(at(lo, time), at(hi, time))),
  ];
}

// When the process restarted: what it allocated since its start only ever grows while it lives.
export function restartTimes(blocks) {
  return blocks
    .filter((block, i) => i > 0 && block.alloc_bytes < blocks[i - 1].alloc_bytes)
    .map((block) => block.start);
}

// Powers of two between low and high that make a readable axis.
export function byteSplits(low, high, count) {
  const step = 2 ** Math.ceil(Math.log2(Math.max(high - low, 1) / count));
  const splits = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) splits.push(at);
  return splits;
}
