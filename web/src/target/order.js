// The order of a target's types and sites, and which of them are lines of their own. Pure functions.

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

// What holds nothing now and never grew is of interest only to who asks what was allocated: its lines are
// summed up with the others'. { shown, other }, other as the API has it.
export function fold(rows, other, sort) {
  const isEmpty = (row) => sort !== "alloc" && !row.followed && row.inuse_bytes === 0;
  const sum = rows.filter(isEmpty).reduce(
    (all, row) => ({
      sites: all.sites + (row.sites ?? 1),
      inuse_bytes: all.inuse_bytes,
      alloc_bytes: all.alloc_bytes + row.alloc_bytes,
    }),
    other,
  );
  return { shown: rows.filter((row) => !isEmpty(row)), other: sum };
}
