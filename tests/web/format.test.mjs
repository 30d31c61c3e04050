// What people read: web/src/format.js. Run by tests/web/format.
import assert from "node:assert/strict";
import test from "node:test";

import * as format from "../../web/src/format.js";

const KIB = 1024;
const MIB = 1024 * KIB;

test("bytes have three digits or fewer and the unit that fits after rounding", () => {
  assert.equal(format.bytes(0), "0 B");
  assert.equal(format.bytes(999), "999 B");
  assert.equal(format.bytes(1023), "1.0 KiB");
  assert.equal(format.bytes(1023.9 * KIB), "1.0 MiB");
  assert.equal(format.bytes(412 * MIB), "412 MiB");
  assert.equal(format.bytes(null), "—");
  assert.equal(format.bytes(NaN), "—");
});

test("growth and its error share unit and decimals", () => {
  const perSecond = (perMinute) => perMinute / 60;
  const growth = (rate, error) => {
    const text = format.growth(perSecond(rate), perSecond(rate - error), perSecond(rate + error));
    return `${text.value} ${text.error}`;
  };
  assert.equal(growth(4.1 * MIB, 0.3 * MIB), "+4.1 MiB/min ± 0.3");
  assert.equal(growth(-4.1 * MIB, 0.3 * MIB), "\u22124.1 MiB/min ± 0.3");
  assert.equal(growth(90 * KIB, 310 * KIB), "+90 KiB/min ± 310");
  assert.equal(growth(12 * KIB, 2 * MIB), "0.0 MiB/min ± 2.0");
  assert.equal(growth(4.1 * MIB, 0.001 * MIB), "+4.1 MiB/min ± < 0.1");
  assert.equal(growth(0, 0), "0 B/min ± 0");
});

test("growth without an interval has no error, and no growth is a dash", () => {
  assert.deepEqual(format.growth((100 * KIB) / 60, null, null), {
    value: "+100 KiB/min",
    error: "",
  });
  assert.deepEqual(format.growth(null, null, null), { value: "—", error: "" });
});

test("durations name the two largest units that follow each other", () => {
  assert.equal(format.duration(0.012), "12 ms");
  assert.equal(format.duration(59.6), "1 min");
  assert.equal(format.duration(5760), "1 h 36 min");
  assert.equal(format.duration(3 * 86400 + 240), "3 d");
  assert.equal(format.duration(90061), "1 d 1 h");
  assert.equal(format.duration(null), "—");
  assert.equal(format.duration(0), "0 s");
  assert.equal(format.duration(-5), "—");
});

test("a time ahead of the browser's clock is now", () => {
  const now = Date.parse("2026-11-21T04:00:00Z");
  assert.equal(format.ago("2026-11-21T04:00:09Z", now), "just now");
  assert.equal(format.ago("2026-11-21T03:58:00Z", now), "2 min ago");
  assert.equal(format.ago("no time", now), "—");
});

test("shares keep what is small visible", () => {
  assert.equal(format.percent(0.97), "97 %");
  assert.equal(format.percent(0.031), "3.1 %");
  assert.equal(format.percent(0.0001), "< 0.1 %");
  assert.equal(format.percent(0), "0 %");
  assert.equal(format.percent(null), "—");
});

test("Go names lose their import path, not the slashes of type arguments", () => {
  assert.equal(
    format.shortFunction("github.com/shop/cart/store.(*Store).Open"),
    "store.(*Store).Open",
  );
  assert.equal(
    format.shortFunction("main.Put[go.shape.*github.com/a/b.T]"),
    "main.Put[go.shape.*github.com/a/b.T]",
  );
  assert.equal(format.shortFunction("a/b.Put[c/d.T].func1"), "b.Put[c/d.T].func1");
  assert.equal(format.shortFunction(""), "");
});

test("places and gates", () => {
  assert.equal(format.place({ file: "/src/store.go", line: 88 }), "store.go:88");
  assert.equal(format.place({ file: "/src/store.go", line: 0 }, true), "/src/store.go");
  assert.equal(format.place(null), "");
  assert.equal(format.gateFigure("growth_bytes", 4 * MIB), "4.0 MiB");
  assert.equal(format.gateFigure("window_s", 3600), "1 h");
  assert.equal(format.gateFigure("curve", 0.98123), "0.98");
  assert.equal(format.gateFigure("passes", 3), "3");
});

test("an unresolvable series says what would be found and what would tell less", () => {
  const series = { resolvable_bytes_per_second: 900, suggested_mem_profile_rate_bytes: 65536 };
  assert.equal(
    format.resolution(series),
    "Growth of 3.1 MiB an hour would be found. " +
      "Too few objects are sampled to tell less: runtime.MemProfileRate = 65536 would.",
  );
  assert.match(format.resolution({ ...series, resolvable_bytes_per_second: null }), /^Too few/);
  assert.equal(format.resolution({ ...series, suggested_mem_profile_rate_bytes: null }), "");
});
