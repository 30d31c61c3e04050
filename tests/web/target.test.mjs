// What is shown of a target: web/src/target.
import assert from "node:assert/strict";
import test from "node:test";

import { deploysOf } from "../../web/src/target/deploys.js";
import { memoryLines } from "../../web/src/target/memory.js";
import { fold, inOrder } from "../../web/src/target/order.js";

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

const ran = (version, id, from, to) => ({ id, version, vcs_revision: "", from, to });
const minute = (n) => `1970-01-01T00:${String(n).padStart(2, "0")}:00Z`;

test("each build after the first is a deploy", () => {
  const builds = [ran("v1", "aa", minute(1), minute(2)), ran("v2", "bb", minute(3), minute(4))];
  assert.deepEqual(deploysOf({ builds }), [
    { time_s: 180, build: "v2", id: "bb", isDeploy: true, leaks: false },
  ]);
  assert.deepEqual(deploysOf({ builds: builds.slice(0, 1) }), []);
  assert.deepEqual(deploysOf({}), []);
});

test("two builds of one name are told apart by their ids", () => {
  const builds = ["0123456789", "abcdef0123", "0123456789"].map((id, i) =>
    ran("v1", id, minute(i + 1), minute(i + 1)),
  );
  assert.deepEqual(
    deploysOf({ builds }).map(({ build }) => build),
    ["v1 (abcdef01)", "v1 (01234567)"],
  );
});

test("the build a leak began in is marked where it was deployed, or else first seen", () => {
  const firstSeenIn = { version: "v2", revision: "", buildId: "bb", absentIn: "v1", at: minute(9) };
  const builds = [ran("v1", "aa", minute(1), minute(2)), ran("v2", "bb", minute(3), minute(4))];
  assert.deepEqual(
    deploysOf({ builds, firstSeenIn }).map(({ time_s, leaks }) => [time_s, leaks]),
    [[180, true]],
  );
  assert.deepEqual(deploysOf({ builds: builds.slice(1), firstSeenIn }), [
    { time_s: 540, build: "v2", id: "bb", isDeploy: false, leaks: true },
  ]);
  const always = { ...firstSeenIn, absentIn: null };
  assert.equal(deploysOf({ builds, firstSeenIn: always })[0].leaks, false);
});

test("what holds nothing is summed up, unless one asks what was allocated", () => {
  const row = (id, rest) => ({ id, followed: false, inuse_bytes: 0, alloc_bytes: 5, ...rest });
  const rows = [
    row(1),
    row(2, { sites: 3 }),
    row(3, { followed: true }),
    row(4, { inuse_bytes: 1 }),
  ];
  const rest = { sites: 2, inuse_bytes: 7, alloc_bytes: 9 };
  const { shown, other } = fold(rows, rest, "growth");
  assert.deepEqual(
    shown.map(({ id }) => id),
    [3, 4],
  );
  assert.deepEqual(other, { sites: 6, inuse_bytes: 7, alloc_bytes: 19 });
  assert.equal(fold(rows, rest, "alloc").shown.length, 4);
});
