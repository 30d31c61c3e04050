// The little DOM that the page needs. Text from targets only ever becomes a text node or an attribute
// value, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

const shown = new WeakMap();

// Fills host with build(data), unless data is what it shows already: a refresh that brings nothing new
// leaves the reader's selection and focus alone.
export function render(host, data, build) {
  const key = JSON.stringify(data ?? null);
  if (shown.get(host) === key) return;
  shown.set(host, key);
  host.replaceChildren(...[build(data)].flat(Infinity).filter((child) => child !== null));
}

const rowsOf = new WeakMap();

// Makes the rows of host (a table or a block of nothing but rows) those of items, in their order.
// make() gives a row { node, update(item) }, which lives as long as an item with its key is there.
export function keyed(host, items, keyOf, make) {
  const old = rowsOf.get(host) ?? new Map();
  const wanted = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, row] of old) {
    if (!wanted.has(key)) row.node.remove();
  }

  const rows = new Map();
  let at = host.tBodies ? host.tBodies[0] ?? null : host.firstElementChild;
  for (const [key, item] of wanted) {
    const row = old.get(key) ?? make();
    rows.set(key, row);
    if (row.node === at) at = at.nextElementSibling;
    else host.insertBefore(row.node, at);
    row.update(item);
  }
  rowsOf.set(host, rows);
}
