// The address of a view: "#/target/4f2a…/type/09bc…?sort=growth" ↔ { view, params, query }. All of it
// lives in the fragment, so that the page works behind any path prefix of a proxy.

const ROUTES = [
  ["fleet", []],
  ["incidents", ["incidents"]],
  ["incident", ["incident", ":id"]],
  ["target", ["target", ":id"]],
  ["targetFlame", ["target", ":id", "flame"]],
  ["row", ["target", ":id", ":kind", ":row"]],
  ["flame", ["flame"]],
];

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that escapes nothing
  }
}

function match(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (const [i, piece] of pattern.entries()) {
    if (piece.startsWith(":")) params[piece.slice(1)] = decode(parts[i]);
    else if (piece !== parts[i]) return null;
  }
  return params;
}

export function parseRoute(hash) {
  const [path, search = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter(Boolean);
  const query = Object.fromEntries(new URLSearchParams(search));
  for (const [view, pattern] of ROUTES) {
    const params = match(pattern, parts);
    if (params) return { view, params, query };
  }
  return { view: "unknown", params: {}, query };
}

// What is empty or undefined in the query is left out: an address says only what differs from the usual.
export function href(view, params = {}, query = {}) {
  const pattern = ROUTES.find(([name]) => name === view)[1];
  const path = pattern
    .map((piece) => (piece.startsWith(":") ? encodeURIComponent(params[piece.slice(1)]) : piece))
    .join("/");
  const said = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const search = new URLSearchParams(said).toString();
  return `#/${path}${search ? `?${search}` : ""}`;
}
