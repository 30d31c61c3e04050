// What is shown of a target: web/src/target.
import assert from "node:assert/strict";
import test from "node:test";

import { buildMarks, memoryLines } from "../../web/src/target/memory.js";
import { inOrder } from "../../web/src/target/order.js";

const look = (minute, resident) => ({ at: `2026-11-21T10:0${minute}:00Z`, resident, inuse: 0 });

test("limits in sight are lines, limits far away are not", () => {
  const history = [look(0, 100), look(1, 120)];
  const { columns, lines } = memoryLines({ history, limit: 300, gomemlimit: 4000, nextGC: null });
  assert.deepEqual(
    lines.map(({ label }) => label),
    ["RSS", "limit"],
  );
  assert.deepEqual(columns.slice(1), [
    [100, 120],
    [300, 300],
  ]);
  assert.equal(columns[0][1] - columns[0][0], 60);
});

test("without a history there is nothing to draw", () => {
  assert.equal(memoryLines(null), null);
  assert.equal(memoryLines({ history: [] }), null);
  assert.equal(memoryLines({ history: [look(0, 1)], limit: 2 }), null);
});

test("rows come largest first, unknown ones last", () => {
  const rows = [
    { id: 1, retention_ratio: null },
    { id: 2, retention_ratio: 0.1 },
    { id: 3, retention_ratio: 0.9 },
  ];
  assert.deepEqual(
    inOrder(rows, "retention").map(({ id }) => id),
    [3, 2, 1],
  );
  assert.equal(inOrder([{ id: 1 }], "no such column").length, 1);
});

test("the build a leak began in is marked where it was first seen", () => {
  const seen = { version: "v2", absentIn: "v1", at: "1970-01-01T00:01:00Z" };
  assert.deepEqual(buildMarks({ firstSeenIn: seen }), [{ time_s: 60, label: "v2", colour: "dim" }]);
  assert.deepEqual(buildMarks({ firstSeenIn: { ...seen, absentIn: null } }), []);
  assert.deepEqual(buildMarks({ firstSeenIn: null }), []);
});
