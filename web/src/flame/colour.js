// The colours of a flame graph. Pure functions.

// The package of a function, or of a type: "github.com/shop/cart.(*Store).Open" → "github.com/shop/cart".
export function packageOf(name) {
  const bare = name.replace(/^[*[\]\d]+/, "").replace(/^map\[/, "");
  const end = bare.search(/[[(]/);
  const head = end < 0 ? bare : bare.slice(0, end);
  const dot = head.indexOf(".", head.lastIndexOf("/") + 1);
  return dot < 0 ? head : head.slice(0, dot);
}

function isGos(pkg) {
  return pkg === "runtime" || pkg.startsWith("internal/") || pkg.startsWith("(");
}

function hash(text) {
  let value = 2166136261; // FNV-1a
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}

// One hue for a package, so that a change of package catches the eye; the runtime is grey.
export function packageColour(name, dark) {
  const pkg = packageOf(name);
  const lightness = dark ? 33 : 84;
  if (isGos(pkg) || name === "total") return `hsl(215 9% ${lightness}%)`;
  return `hsl(${hash(pkg) % 360} ${dark ? 34 : 58}% ${lightness}%)`;
}

// Of what is there now and how much of it is new: -1 (all gone) … 1 (all new).
export function growthShare(value, delta) {
  const size = Math.max(Math.abs(value), Math.abs(value - delta));
  return size > 0 ? delta / size : 0;
}

// Red for what grew, blue for what shrank, grey for what stayed.
export function diffColour(value, delta, dark) {
  const share = growthShare(value, delta);
  const strength = Math.sqrt(Math.min(1, Math.abs(share)));
  const lightness = dark ? 28 + 10 * strength : 90 - 22 * strength;
  return `hsl(${share > 0 ? 6 : 214} ${Math.round(8 + 64 * strength)}% ${lightness.toFixed(0)}%)`;
}
