// The order of a target's types and sites.

const VALUES = {
  growth: (row) => row.growth_bytes_per_second,
  inuse: (row) => row.inuse_bytes,
  alloc: (row) => row.alloc_bytes,
  retention: (row) => row.retention_ratio,
};

// Largest first; what is not known comes last.
export function inOrder(rows, sort) {
  const valueOf = VALUES[sort] ?? VALUES.growth;
  return [...rows].sort((a, b) => (valueOf(b) ?? -Infinity) - (valueOf(a) ?? -Infinity) || 0);
}
