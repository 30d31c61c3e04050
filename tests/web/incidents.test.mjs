// Incidents: web/src/incidents/words.js.
import assert from "node:assert/strict";
import test from "node:test";

import {
  comparison,
  isMuted,
  rateOfIncident,
  uploadText,
  wholeIncident,
} from "../../web/src/incidents/words.js";

const file = (name, state = "ok") => ({ name, state });

test("the heap after a forced GC is held against the baseline, where both were captured", () => {
  const incident = {
    id: "01",
    files: [file("heap.pb.gz"), file("heap-gc.pb.gz"), file("baseline.pb.gz")],
  };
  assert.deepEqual(comparison(incident), {
    profile: "01/heap-gc.pb.gz",
    base: "01/baseline.pb.gz",
    now: "heap-gc.pb.gz",
  });
});

test("a profile that was refused is not compared", () => {
  const files = [
    file("heap-gc.pb.gz", "refused"),
    file("heap.pb.gz"),
    file("baseline.pb.gz", "failed"),
  ];
  assert.deepEqual(comparison({ id: "01", files }), {
    profile: "01/heap.pb.gz",
    base: null,
    now: "heap.pb.gz",
  });
  assert.equal(comparison({ id: "01", files: [] }), null);
  assert.equal(comparison({ id: "01" }), null);
});

test("a rate is read from the report and from the list", () => {
  const rate = { value: 2, lo: 1, hi: 3 };
  assert.deepEqual(rateOfIncident({ subject: { rateBytesPerSecond: rate } }), rate);
  assert.deepEqual(rateOfIncident({ rateBytesPerSecond: 2, rateLo: 1, rateHi: 3 }), rate);
  assert.equal(rateOfIncident({}).value, null);
});

test("a mute ends", () => {
  const now = Date.parse("2026-11-21T10:00:00Z");
  assert.ok(isMuted({ mutedUntil: "2026-11-21T10:00:01Z" }, now));
  assert.ok(!isMuted({ mutedUntil: "2026-11-21T09:59:59Z" }, now));
  assert.ok(!isMuted({ mutedUntil: null }, now));
});

test("the report fills in what the list does not know", () => {
  const whole = wholeIncident({
    title: null,
    state: "ready",
    target: { id: "01", job: null },
    report: { title: "it leaks", state: "old", target: { job: "cart", build: {} } },
  });
  assert.deepEqual(whole, {
    title: "it leaks",
    state: "ready",
    target: { id: "01", job: "cart", build: {} },
  });
  assert.equal(wholeIncident({ id: "02", report: null }).id, "02");
});

test("a copy is told of only where there is to be one", () => {
  assert.equal(uploadText(undefined), null);
  assert.equal(uploadText({ state: "none", at: null, why: null }), null);
  assert.equal(uploadText({ state: "done", at: "2026-11-21T10:00:00Z", why: null }), "stored");
  assert.equal(uploadText({ state: "refused", why: "no such bucket" }), "refused: no such bucket");
});
