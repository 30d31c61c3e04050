// In-use bytes over time, in a row.

import { bytes } from "../format.js";
import { sparkPath } from "../charts/spark.js";

const WIDTH = 120;
const HEIGHT = 26;

// values: in-use bytes, oldest first, evenly spaced.
export function Sparkline({ values }) {
  const known = (values ?? []).filter((value) => typeof value === "number");
  if (known.length < 2) return <span class="spark" />;
  const { line, area } = sparkPath(known, WIDTH, HEIGHT);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`in use from ${bytes(known[0])} to ${bytes(known.at(-1))}`}
    >
      <path class="area" d={area} />
      <path class="line" d={line} />
    </svg>
  );
}
