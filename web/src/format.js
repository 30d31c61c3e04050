// How numbers, times and Go names are written for people. Pure functions: `null` (unknown) in, "—" out.

export const UNKNOWN = "—";

const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const MINUS = "\u2212"; // as wide as the plus sign

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// The unit in which `value` bytes reads best; decided after rounding, so that no "1024 KiB" appears.
function binaryUnit(value) {
  let step = 0;
  let size = Math.abs(value);
  while (size >= 999.5 && step < BINARY_UNITS.length - 1) {
    size /= 1024;
    step++;
  }
  return { name: BINARY_UNITS[step], size: 1024 ** step };
}

function decimalsFor(value) {
  const size = Math.abs(value);
  if (size === 0 || size >= 99.5) return 0;
  return size >= 0.95 ? 1 : 2;
}

function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) < 0 ? text.replace("-", MINUS) : text.replace("-", "");
}

// A plain figure, fine enough to be held against a limit.
export function number(value) {
  if (!isNumber(value)) return UNKNOWN;
  return fixed(value, Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1);
}

export function bytes(value) {
  if (!isNumber(value)) return UNKNOWN;
  const unit = binaryUnit(value);
  const scaled = value / unit.size;
  return `${fixed(scaled, unit.size === 1 ? 0 : decimalsFor(scaled))} ${unit.name}`;
}

function errorText(error, decimals) {
  if (error === 0 || Number(error.toFixed(decimals)) > 0) return `± ${error.toFixed(decimals)}`;
  return `± < ${(10 ** -decimals).toFixed(decimals)}`;
}

// Growth for people: { value: "+4.1 MiB/min", error: "± 0.3" }, in one unit and to the same decimal.
export function growth(perSecond, lower, upper) {
  if (!isNumber(perSecond)) return { value: UNKNOWN, error: "" };
  const rate = perSecond * 60;
  const half = isNumber(lower) && isNumber(upper) ? ((upper - lower) / 2) * 60 : null;
  const unit = binaryUnit(Math.max(Math.abs(rate), half ?? 0));
  const scaled = rate / unit.size;
  const decimals =
    unit.size === 1 ? 0 : decimalsFor(Math.max(Math.abs(scaled), (half ?? 0) / unit.size));
  const figure = fixed(scaled, decimals);
  const value = `${scaled > 0 && Number(figure) !== 0 ? "+" : ""}${figure} ${unit.name}/min`;
  return { value, error: half === null ? "" : errorText(half / unit.size, decimals) };
}

export function percent(share) {
  if (!isNumber(share)) return UNKNOWN;
  const value = share * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${fixed(value, value > 0 && value < 9.95 ? 1 : 0)} %`;
}

const DURATION_UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

// "1 h 36 min": the two largest units that count.
export function duration(seconds) {
  if (!isNumber(seconds) || seconds < 0) return UNKNOWN;
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  let left = Math.round(seconds);
  const parts = [];
  for (const [name, size] of DURATION_UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break; // "3 d 4 min" claims more than it says
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

export function secondsSince(time, now = Date.now()) {
  return (now - Date.parse(time)) / 1000;
}

// "5 h 12 min ago". A moment ahead of us is the browser's clock, not the future.
export function ago(time, now = Date.now()) {
  const seconds = secondsSince(time, now);
  if (!isNumber(seconds)) return UNKNOWN;
  return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}

// "2026-11-21 21:14:07 UTC (22:14:07 here)".
export function absolute(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const utc = `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return date.getTimezoneOffset() === 0 ? utc : `${utc} (${date.toLocaleTimeString()} here)`;
}

// "21:14 UTC", with the day when that is not today's: "20 Nov 21:14 UTC".
export function clock(time, now = Date.now()) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const [, , day, month, hms] = date.toUTCString().match(/(, )(\d+) (\w+) \d+ (\d+:\d+)/);
  const today = date.toISOString().slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return `${today ? "" : `${Number(day)} ${month} `}${hms} UTC`;
}

// "github.com/shop/cart/store.(*Store).Open" → "store.(*Store).Open". Type arguments hold slashes too.
export function shortFunction(name) {
  const end = name.search(/[[(]/);
  const slash = name.lastIndexOf("/", end < 0 ? name.length : end);
  return name.slice(slash + 1);
}

// "store.go:88", or in full "/src/shop/cart/store.go:88".
export function place(frame, full = false) {
  if (!frame?.file) return "";
  const file = full ? frame.file : frame.file.slice(frame.file.lastIndexOf("/") + 1);
  return frame.line > 0 ? `${file}:${frame.line}` : file;
}

// A gate's figure in the unit its name ends with.
export function gateFigure(gate, value) {
  if (gate.endsWith("_bytes")) return bytes(value);
  if (gate.endsWith("_s")) return duration(value);
  if (gate.endsWith("_sigma")) return `${number(value)} σ`;
  return number(value);
}

// What growth would be found where too few objects are sampled, and what would tell less; "" elsewhere.
// series: anything that has a verdict's members.
export function resolution(series) {
  const { resolvable_bytes_per_second: rate, suggested_mem_profile_rate_bytes: period } = series;
  if (period == null) return "";
  const found = rate == null ? "" : `Growth of ${bytes(rate * 3600)} an hour would be found. `;
  return `${found}Too few objects are sampled to tell less: runtime.MemProfileRate = ${period} would.`;
}
