// The shape of a sparkline.

const PAD = 2; // for the width of the line

// The range to draw: at least a quarter of the value, so that noise looks like noise, and from zero
// where zero is near.
export function rangeOf(values) {
  let low = Math.min(...values);
  const high = Math.max(...values, 1);
  if (low < high / 2) low = 0;
  return { low: Math.min(low, high * 0.75), high };
}

// SVG paths of values that are even in time; at least two.
export function sparkPath(values, width, height) {
  const { low, high } = rangeOf(values);
  const points = values.map((value, i) => {
    const x = (i / (values.length - 1)) * width;
    const y = height - PAD - ((value - low) / (high - low)) * (height - 2 * PAD);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const line = `M${points.join("L")}`;
  return { line, area: `${line}L${width} ${height}L0 ${height}Z` };
}
