// Addresses of views: web/src/route.js.
import assert from "node:assert/strict";
import test from "node:test";

import { href, parseRoute } from "../../web/src/route.js";

test("an address is read as it was written", () => {
  const address = href("row", { id: "00ff", kind: "type", row: "a/b?c#d %" }, { sort: "inuse" });
  assert.deepEqual(parseRoute(address), {
    view: "row",
    params: { id: "00ff", kind: "type", row: "a/b?c#d %" },
    query: { sort: "inuse" },
  });
});

test("nothing is the fleet, and what is not known says so", () => {
  assert.equal(parseRoute("").view, "fleet");
  assert.equal(parseRoute("#/").view, "fleet");
  assert.equal(parseRoute("#/?q=a%20b").query.q, "a b");
  assert.equal(parseRoute("#/nowhere").view, "unknown");
  assert.equal(parseRoute("#/target/1/type").view, "unknown");
});

test("the flame graph of a target is not one of its rows", () => {
  assert.equal(parseRoute("#/target/1/flame").view, "targetFlame");
});

test("what is empty does not stand in the address", () => {
  assert.equal(href("fleet", {}, { q: "", verdict: undefined, by: "job" }), "#/?by=job");
  assert.equal(href("fleet"), "#/");
});

test("an escape that is none is taken as it stands", () => {
  assert.deepEqual(parseRoute("#/incident/%E0%A4%A").params, { id: "%E0%A4%A" });
});
