// Names that turn the direction of writing: web/src/visible.js.
import assert from "node:assert/strict";
import test from "node:test";

import { parseVisible } from "../../web/src/visible.js";

test("a character that turns the direction of writing is shown for what it is", () => {
  assert.deepEqual(parseVisible('{"a":"x\u202egpj.exe"}'), { a: "x⟨U+202E⟩gpj.exe" });
  assert.deepEqual(parseVisible('{"a":["\\u2067\\u05d0\\u200F"]}'), { a: ["⟨U+2067⟩א⟨U+200F⟩"] });
});

test("names in other scripts stay as they are", () => {
  assert.deepEqual(parseVisible('{"a":"שלום","b":1,"c":null}'), { a: "שלום", b: 1, c: null });
});

test("what is no JSON is an error", () => {
  assert.throws(() => parseVisible("<html>"));
  assert.throws(() => parseVisible("\u202e"));
});
