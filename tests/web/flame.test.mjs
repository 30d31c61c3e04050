// Flame graphs: web/src/flame.
import assert from "node:assert/strict";
import test from "node:test";

import { growthShare, packageColour, packageOf } from "../../web/src/flame/colour.js";
import {
  boxAt,
  boxesOf,
  isWithin,
  matchedValue,
  matcher,
  neighbour,
  rooted,
  topOf,
} from "../../web/src/flame/layout.js";

const leaf = (name, value, ...children) => ({ name, value, children });
const tree = leaf(
  "total",
  100,
  leaf("a", 20),
  leaf("b", 70, leaf("c", 30), leaf("b", 35, leaf("a", 5))),
);

test("children stand side by side under their caller, the largest first", () => {
  const boxes = boxesOf(rooted(tree), 1000);
  const [b, a] = ["b", "a"].map((name) =>
    boxes.find((box) => box.node.name === name && box.depth === 1),
  );
  assert.deepEqual([b.x, b.width, a.x, a.width], [0, 700, 700, 200]);
});

test("what has the focus fills the width, and so do its callers", () => {
  const root = rooted(tree);
  const boxes = boxesOf(root.children[0], 1000);
  assert.deepEqual(
    boxes.slice(0, 2).map(({ node, width }) => [node.name, width]),
    [
      ["total", 1000],
      ["b", 1000],
    ],
  );
  assert.ok(!boxes.some(({ node }) => node === root.children[1]));
});

test("what is too narrow to be seen is not drawn", () => {
  const root = rooted(leaf("total", 1e6, leaf("tiny", 1), leaf("rest", 999_999)));
  assert.deepEqual(
    boxesOf(root, 1000).map(({ node }) => node.name),
    ["total", "rest"],
  );
});

test("a pointer finds its box, or nothing", () => {
  const boxes = boxesOf(rooted(tree), 1000);
  assert.equal(boxAt(boxes, 750, 1).node.name, "a");
  assert.equal(boxAt(boxes, 950, 1), null);
  assert.equal(boxAt(boxes, 10, 99), null);
});

test("arrow keys walk and stay where there is nothing beyond", () => {
  const root = rooted(tree);
  const [b, a] = root.children;
  assert.equal(neighbour(root, "ArrowDown"), b);
  assert.equal(neighbour(b, "ArrowRight"), a);
  assert.equal(neighbour(a, "ArrowRight"), a);
  assert.equal(neighbour(a, "ArrowUp"), root);
  assert.equal(neighbour(root, "ArrowUp"), root);
  assert.ok(isWithin(a, root) && !isWithin(root, a));
});

test("a recursive function counts once in the table", () => {
  const rows = Object.fromEntries(topOf(rooted(tree)).map((row) => [row.name, row]));
  assert.equal(rows.b.total, 70);
  assert.equal(rows.b.self, 35);
  assert.equal(rows.a.total, 25);
});

test("what is found within what was found is not counted twice", () => {
  const root = rooted(tree);
  assert.equal(matchedValue(root, matcher("B")), 70);
  assert.equal(matchedValue(root, matcher("a")), 100); // "total" has an a
  assert.equal(matcher("  "), null);
});

test("an empty heap and a very deep one are drawn", () => {
  assert.equal(boxesOf(rooted(leaf("total", 0)), 100).length, 1);
  let deep = leaf("f", 1);
  for (let i = 0; i < 2000; i++) deep = leaf("f", 1, deep);
  assert.ok(boxesOf(rooted(deep), 100).length <= 514);
});

test("the package of functions and types", () => {
  assert.equal(packageOf("github.com/a/b.c/d.(*T).M"), "github.com/a/b.c/d");
  assert.equal(packageOf("main.Put[go.shape.int]"), "main");
  assert.equal(packageOf("*main.Session"), "main");
  assert.equal(packageOf("[]uint8"), "uint8");
  assert.equal(packageColour("main.A", true), packageColour("main.B", true));
});

test("all new is 1, all gone is -1, nothing is nothing", () => {
  assert.equal(growthShare(10, 10), 1);
  assert.equal(growthShare(0, -10), -1);
  assert.equal(growthShare(0, 0), 0);
});
