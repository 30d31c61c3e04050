// A flame tree { name, value, delta?, children } as boxes to draw: callers above, callees below, as wide
// as what they stand for. Pure functions.

const WIDTH_MIN = 0.4; // pixels; what is narrower nobody sees
const DEPTH_MAX = 512;

// The tree with the way back: nodes { name, value, delta, self, depth, parent, children }, children
// largest first.
export function rooted(tree, parent = null) {
  const depth = parent ? parent.depth + 1 : 0;
  const node = { name: tree.name, value: tree.value, delta: tree.delta ?? null, depth, parent };
  const children = depth < DEPTH_MAX ? (tree.children ?? []) : [];
  node.children = children.map((child) => rooted(child, node)).sort((a, b) => b.value - a.value);
  node.self = Math.max(0, node.value - node.children.reduce((sum, child) => sum + child.value, 0));
  return node;
}

// Boxes { node, x, width, depth } within `width` pixels when `focus` fills them; its callers do, too.
export function boxesOf(focus, width) {
  const boxes = [];
  for (let node = focus.parent; node; node = node.parent)
    boxes.unshift({ node, x: 0, width, depth: node.depth });
  const open = [{ node: focus, x: 0, width, depth: focus.depth }];
  while (open.length > 0) {
    const box = open.pop();
    boxes.push(box);
    let { x } = box;
    for (const child of box.node.children) {
      const share = box.node.value > 0 ? (child.value / box.node.value) * box.width : 0;
      if (share >= WIDTH_MIN) open.push({ node: child, x, width: share, depth: child.depth });
      x += share;
    }
  }
  return boxes;
}

export function boxAt(boxes, x, depth) {
  return boxes.find((box) => box.depth === depth && x >= box.x && x < box.x + box.width) ?? null;
}

// The node beside another, for the arrow keys; the node itself where there is none.
export function neighbour(node, key) {
  if (key === "ArrowUp") return node.parent ?? node;
  if (key === "ArrowDown") return node.children[0] ?? node;
  const row = node.parent?.children ?? [node];
  const at = row.indexOf(node) + (key === "ArrowRight" ? 1 : -1);
  return row[at] ?? node;
}

export function isWithin(node, focus) {
  for (let at = node; at; at = at.parent) if (at === focus) return true;
  return false;
}

// By name, what it holds itself and with its callees: [{ name, self, total, delta }], largest first.
// A recursive function counts once.
export function topOf(root) {
  const rows = new Map();
  const above = new Map();
  function visit(node) {
    const row = rows.get(node.name) ?? { name: node.name, self: 0, total: 0, delta: 0 };
    rows.set(node.name, row);
    row.self += node.self;
    const inside = above.get(node.name) ?? 0;
    if (inside === 0) {
      row.total += node.value;
      row.delta += node.delta ?? 0;
    }
    above.set(node.name, inside + 1);
    node.children.forEach(visit);
    above.set(node.name, inside);
  }
  root.children.forEach(visit);
  return [...rows.values()].sort((a, b) => b.self - a.self || b.total - a.total);
}

export function matcher(search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  return (node) => {
    const name = node.name.toLowerCase();
    return words.every((word) => name.includes(word));
  };
}

// What all that matches stands for; what matches within a match is not counted twice.
export function matchedValue(root, matches) {
  if (matches(root)) return root.value;
  return root.children.reduce((sum, child) => sum + matchedValue(child, matches), 0);
}
