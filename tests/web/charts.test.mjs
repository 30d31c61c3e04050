// From blocks to charts: web/src/charts.
import assert from "node:assert/strict";
import test from "node:test";

import { eventsOf } from "../../web/src/charts/events.js";
import { blockColumns, byteSplits, growthFan, restartTimes } from "../../web/src/charts/series.js";
import { rangeOf, sparkPath } from "../../web/src/charts/spark.js";

const block = (start, end, inuse_bytes) => ({
  start,
  end,
  inuse_bytes,
  inuse_min_bytes: inuse_bytes - 1,
});

test("hours that nobody saw are a hole, not a line", () => {
  const [times, inuse, lowest] = blockColumns([
    block(0, 10, 5),
    block(10, 20, 6),
    block(100, 110, 9),
  ]);
  assert.deepEqual(times, [5, 15, 20, 105]);
  assert.deepEqual(inuse, [5, 6, null, 9]);
  assert.deepEqual(lowest, [4, 5, null, 8]);
});

test("a block without a figure is left out", () => {
  assert.deepEqual(blockColumns([{ start: 0, end: 1, inuse_bytes: null }]), [[], [], []]);
});

test("the interval of the growth opens from the middle of its window", () => {
  const columns = [
    [0, 10, 20],
    [100, 110, 120],
    [100, 110, 120],
  ];
  const [times, slowest, fastest] = growthFan(columns, {
    growth_lower_bytes_per_second: 0.5,
    growth_upper_bytes_per_second: 1.5,
    window_seconds: 20,
  });
  assert.deepEqual(times, [0, 10, 20]);
  assert.deepEqual(slowest, [95, 110, 115]);
  assert.deepEqual(fastest, [105, 110, 125]);
});

test("old blocks count by the time they stand for", () => {
  const columns = [[0, 100, 101, 102], [0, 0, 90, 90], []];
  const fan = growthFan(columns, {
    growth_lower_bytes_per_second: 0,
    growth_upper_bytes_per_second: 0,
    window_seconds: 102,
  });
  assert.ok(fan[1][1] < 2);
});

test("no interval, no fan", () => {
  const verdict = { growth_lower_bytes_per_second: null, growth_upper_bytes_per_second: 1 };
  assert.equal(growthFan([[0, 1], [1, 2], []], verdict), null);
  assert.equal(growthFan([[], [], []], verdict), null);
});

test("noise looks like noise: the axis is never narrower than a quarter of the value", () => {
  assert.deepEqual(rangeOf([1000, 1001]), { low: 750.75, high: 1001 });
  assert.deepEqual(rangeOf([1, 1000]), { low: 0, high: 1000 });
  assert.deepEqual(rangeOf([0, 0]), { low: 0, high: 1 });
});

test("a sparkline runs from edge to edge", () => {
  const { line, area } = sparkPath([1, 2, 3], 100, 20);
  assert.match(line, /^M0\.0 .*L100\.0 2\.0$/);
  assert.ok(area.endsWith("L100 20L0 20Z"));
});

test("labels of bytes stand at powers of two", () => {
  assert.deepEqual(byteSplits(0, 1000, 5), [0, 256, 512, 768]);
});

test("a restart is where less was allocated than before", () => {
  const seen = [1, 5, 9, 2, 4, 3].map((alloc_bytes, i) => ({ start: 10 * i, alloc_bytes }));
  assert.deepEqual(restartTimes(seen), [30, 50]);
  assert.deepEqual(restartTimes([]), []);
});

test("a deploy is told once, and other restarts as what they are", () => {
  const blocks = [10, 20, 5, 15, 3].map((alloc_bytes, i) => ({
    ...block(10 * i, 10 * i + 10, 1),
    alloc_bytes,
  }));
  const deploy = (time_s, leaks = false) => ({ time_s, build: "v2", isDeploy: true, leaks });
  const kinds = (deploys, onset = null) =>
    eventsOf(blocks, deploys, onset).map(({ time_s, kind }) => [time_s, kind]);
  assert.deepEqual(kinds([]), [
    [20, "restart"],
    [40, "restart"],
  ]);
  assert.deepEqual(kinds([deploy(20.4)], { from_s: 33, to_s: 39 }), [
    [20.4, "deploy"],
    [33, "onset"],
    [40, "restart"],
  ]);
  assert.deepEqual(kinds([], { from_s: 15, to_s: 25 }), [
    [20, "restart"],
    [20, "onset"],
    [40, "restart"],
  ]);
  assert.deepEqual(kinds([deploy(40, true), deploy(-5), deploy(51)]), [
    [20, "restart"],
    [40, "leaking"],
  ]);
  assert.deepEqual(eventsOf([], [deploy(1)], null), []);
  assert.equal(eventsOf(blocks, [deploy(20)], null)[0].text, "deploy of v2");
});
