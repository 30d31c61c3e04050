// The lines of the fleet and the answers above them: web/src/fleet.
import assert from "node:assert/strict";
import test from "node:test";

import { answersOf, calmOf } from "../../web/src/fleet/answers.js";
import { filterRows, firstBuild, jobLines, rowOf, sortRows } from "../../web/src/fleet/rows.js";
import { visibleSlice } from "../../web/src/fleet/slice.js";
import { restOfFleet } from "../../web/src/fleet/source.js";

function target(instance, heap = {}, rest = {}) {
  return {
    id: instance,
    labels: { job: "checkout", instance, zone: "eu-1" },
    health: "up",
    lastError: "",
    lastScrape: "2026-11-21T10:00:00Z",
    build: null,
    heap: { first_seen: "2026-11-21T09:00:00Z", verdict: "healthy", inuse_bytes: 1, ...heap },
    ...rest,
  };
}

const names = (rows) => rows.map(({ instance }) => instance);

test("the larger the fleet, the longer its answer is good for", () => {
  assert.ok(restOfFleet([]) <= 5000 && restOfFleet(Array(500)) <= 5000);
  assert.equal(restOfFleet(Array(5000)), 30_000);
});

test("a target that was never scraped has no figures", () => {
  const row = rowOf(target("a", { first_seen: null, verdict: "warming", inuse_bytes: 0 }));
  assert.equal(row.verdict, null);
  assert.equal(row.inuse, null);
});

test("the worst come first, and what is down before what is well", () => {
  const rows = [
    rowOf(target("well")),
    rowOf(target("down", { first_seen: null }, { health: "down" })),
    rowOf(target("slow", { verdict: "leak", growth_bytes_per_second: 1 })),
    rowOf(target("fast", { verdict: "leak", growth_bytes_per_second: 9 })),
  ];
  assert.deepEqual(names(sortRows(rows)), ["fast", "slow", "down", "well"]);
});

test("what is unknown is last in either direction", () => {
  const rows = [
    rowOf(target("none")),
    rowOf(target("some", { growth_bytes_per_second: 2 })),
    rowOf(target("more", { growth_bytes_per_second: 3 })),
  ];
  assert.deepEqual(names(sortRows(rows, "growth", "desc")), ["more", "some", "none"]);
  assert.deepEqual(names(sortRows(rows, "growth", "asc")), ["some", "more", "none"]);
});

test("every word of a search must occur somewhere in the labels, verdict or build", () => {
  const rows = [
    rowOf(target("a", {}, { build: { version: "v1.8.2" } })),
    rowOf(target("b", { verdict: "leak" })),
  ];
  assert.deepEqual(names(filterRows(rows, { q: "CHECKOUT eu-1 1.8" })), ["a"]);
  assert.deepEqual(names(filterRows(rows, { q: "leak" })), ["b"]);
  assert.deepEqual(names(filterRows(rows, { verdict: "leak", q: "zone" })), []);
});

test("a job stands where its first target stood, its targets below it only when open", () => {
  const rows = [
    rowOf(target("a", { verdict: "leak", inuse_bytes: 10 })),
    rowOf(target("x", {}, { labels: { job: "cart", instance: "x" } })),
    rowOf(target("b", { inuse_bytes: 5 }, { health: "down" })),
  ];
  const closed = jobLines(rows, new Set());
  assert.deepEqual(
    closed.map(({ job }) => job),
    ["checkout", "cart"],
  );
  const { targets, up, alike, inuse, verdict } = closed[0];
  assert.deepEqual(
    { targets, up, alike, inuse, verdict },
    {
      targets: 2,
      up: 1,
      alike: 1,
      inuse: 15,
      verdict: "leak",
    },
  );
  assert.deepEqual(
    jobLines(rows, new Set(["checkout"])).map(({ id }) => id),
    ["job/checkout", "a", "b", "job/cart"],
  );
});

function suspect(instance, site, rest = {}) {
  return {
    target: { id: instance, job: "checkout", instance },
    verdict: "leak",
    type: "main.Session",
    site: site && { id: site, function: "main.Open", file: "/s/store.go", line: 88 },
    growing_since: null,
    since: "2026-11-21T10:00:00Z",
    ...rest,
  };
}

test("a leak that several replicas show is told once, with how many", () => {
  const rows = ["a", "b", "c"].map((name) =>
    rowOf(target(name, {}, { timeToLimit: { seconds: 60 } })),
  );
  const answers = answersOf(
    [
      suspect("b", "s1", { growing_since: "2026-11-21T09:30:00Z" }),
      suspect("a", "s1", { growing_since: "2026-11-21T09:10:00Z" }),
      suspect("a", "s2"),
    ],
    rows,
  );
  assert.equal(answers.length, 2);
  assert.deepEqual(answers[0].replicas, { with: 2, of: 3 });
  assert.equal(answers[0].target, "b");
  assert.equal(answers[0].since, "2026-11-21T09:10:00Z");
  assert.equal(answers[0].limit.seconds, 60);
  assert.deepEqual(answers[0].row, { kind: "site", id: "s1" });
});

test("what is full within a day comes before what grows more in the long run", () => {
  const limit = (seconds) => ({ timeToLimit: seconds && { seconds } });
  const answers = answersOf(
    [
      suspect("a", "large", limit(null)),
      suspect("b", "days", limit(200_000)),
      suspect("c", "soon", limit(3000)),
      suspect("d", "soon", limit(1000)),
      suspect("e", "growing", { verdict: "growing", ...limit(10) }),
    ],
    [],
  );
  assert.deepEqual(
    answers.map(({ row, limit: left }) => [row.id, left?.seconds]),
    [
      ["soon", 1000],
      ["large", undefined],
      ["days", 200_000],
      ["growing", 10],
    ],
  );
});

test("the total of a heap has no site and no type to go to", () => {
  const [answer] = answersOf([suspect("a", null, { type: null })], []);
  assert.equal(answer.row, null);
  assert.deepEqual(answer.replicas, { with: 1, of: 1 });
});

test("without suspects the page says why", () => {
  const warming = rowOf(target("a", { verdict: "warming" }));
  const down = rowOf(target("b", { first_seen: null }, { health: "down" }));
  assert.equal(calmOf([]).title, "No targets yet.");
  assert.equal(calmOf([warming]).title, "Warming up.");
  assert.equal(calmOf([down]).title, "Nothing can be said: no target answers.");
  assert.match(calmOf([rowOf(target("c")), down]).text, /1 target down/);
  assert.match(calmOf([warming]).text, /after an hour or two/);
});

test("a target that is down says why, not which URL", () => {
  const url = "http://a:6060/debug/pprof/heap";
  const down = { health: "down", scrapeUrl: url, lastError: `GET ${url}: connection refused` };
  assert.equal(rowOf(target("a", {}, down)).cause, "connection refused");
  assert.equal(rowOf(target("a", {}, { ...down, lastError: "too large" })).cause, "too large");
});

test("of a long list only what the window shows is made, and a little more", () => {
  const middle = visibleSlice({ count: 5000, height: 40, top: -40_000, view: 800 });
  assert.ok(middle.first <= 1000 && middle.first > 980);
  assert.ok(middle.last >= 1020 && middle.last < 1040);
  assert.deepEqual(visibleSlice({ count: 3, height: 40, top: 200, view: 800 }), {
    first: 0,
    last: 3,
  });
  assert.deepEqual(visibleSlice({ count: 0, height: 40, top: 200, view: 800 }), {
    first: 0,
    last: 0,
  });
  const past = visibleSlice({ count: 10, height: 40, top: -90_000, view: 800 });
  assert.equal(past.first, past.last);
});

test("a leak began in a build only if one before it did not have it", () => {
  const seen = {
    version: "(devel)",
    revision: "4fb2c1d09a77ee",
    buildId: "aa",
    absentIn: "v1.8.1",
  };
  assert.equal(firstBuild(seen), "4fb2c1d09a77");
  assert.equal(firstBuild({ ...seen, version: "v1.8.2" }), "v1.8.2");
  assert.equal(firstBuild({ ...seen, absentIn: null }), "");
  assert.equal(firstBuild(null), "");
});
