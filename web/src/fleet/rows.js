// The lines of the fleet: what the API says of each target, boiled down to what is shown; and their
// order, their filter and their jobs. Pure functions.

const WORST_FIRST = [
  "leak",
  "growing",
  "saturating",
  "step",
  "sawtooth",
  "load-coupled",
  "unresolvable",
  "churn",
  "warming",
  "healthy",
];
const SEVERITY = Object.fromEntries(WORST_FIRST.map((verdict, i) => [verdict, i]));

export const VERDICTS = WORST_FIRST;

export function severityOf(verdict) {
  return SEVERITY[verdict] ?? 2.5; // no data: worth a look before what is known to be well
}

export function rateOf(verdict) {
  return {
    value: verdict?.growth_bytes_per_second ?? null,
    lo: verdict?.growth_lower_bytes_per_second ?? null,
    hi: verdict?.growth_upper_bytes_per_second ?? null,
  };
}

// "v1.8.2", else the revision, else the start of the build id.
export function buildName(build) {
  if (!build) return "";
  const version = build.version === "(devel)" ? "" : build.version;
  return version || build.vcs_revision?.slice(0, 12) || build.id?.slice(0, 12) || "";
}

// The build a leak began in; "" unless one from before it is known, in which it was not.
export function firstBuild(seen) {
  return seen?.absentIn
    ? buildName({ ...seen, vcs_revision: seen.revision, id: seen.buildId })
    : "";
}

export function limitOf(target) {
  return target.timeToLimit ?? null;
}

// Why it is down, without the URL, which the line's name tells already.
function causeOf({ lastError, scrapeUrl }) {
  const prefix = `GET ${scrapeUrl}: `;
  return lastError.startsWith(prefix) ? lastError.slice(prefix.length) : lastError;
}

export function rowOf(target) {
  // A target that was never scraped has a heap of zeros; none at all is nearer to the truth.
  const heap = target.heap?.first_seen ? target.heap : null;
  const { job = "", instance = "" } = target.labels;
  return {
    id: target.id,
    job,
    instance,
    health: target.health,
    verdict: heap?.verdict ?? null,
    suspects: heap?.suspects ?? 0,
    inuse: heap?.inuse_bytes ?? null,
    rate: rateOf(heap),
    limit: limitOf(target),
    spark: target.sparkline ?? heap?.sparkline ?? [],
    build: buildName(target.build),
    firstSeen: heap?.first_seen ?? null,
    lastScrape: target.lastScrape,
    lastError: target.lastError,
    cause: causeOf(target),
    text: textOf(target, heap).toLowerCase(),
  };
}

// What the search looks through.
function textOf(target, heap) {
  return [
    ...Object.values(target.labels),
    target.health,
    heap?.verdict ?? "no data",
    buildName(target.build),
    target.lastError,
  ].join("\n");
}

// ---- filter ----

// query: { q, verdict, job }; each word of q must occur.
export function filterRows(rows, { q = "", verdict = "", job = "" }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      (!verdict || matchesVerdict(row, verdict)) &&
      (!job || row.job === job) &&
      words.every((word) => row.text.includes(word)),
  );
}

function matchesVerdict(row, verdict) {
  return verdict === "down" ? row.health === "down" : row.verdict === verdict;
}

// ---- order ----

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a, b) => byText(a.job, b.job) || byText(a.instance, b.instance);
const last = -Infinity; // what is unknown comes last, in either direction

const VALUES = {
  verdict: (row) => -severityOf(row.verdict) - (row.health === "down" ? 0 : 0.5),
  inuse: (row) => row.inuse ?? last,
  growth: (row) => row.rate.value ?? last,
  limit: (row) => (row.limit?.seconds == null ? last : -row.limit.seconds),
  scrape: (row) => Date.parse(row.lastScrape) || last,
};

export const SORTS = ["verdict", "job", "inuse", "growth", "limit", "build", "scrape"];

// Which way round a column is read first.
export function usualOrder(sort) {
  return sort === "job" || sort === "build" ? "asc" : "desc";
}

function byNumber(x, y, sign) {
  if (x === y) return 0;
  if (x === last || y === last) return x === last ? 1 : -1;
  return x < y ? -sign : sign;
}

function orderOf(sort, order) {
  const sign = order === "asc" ? 1 : -1;
  if (sort === "job") return (a, b) => sign * byName(a.row, b.row);
  if (sort === "build") return (a, b) => sign * byText(a.row.build, b.row.build);
  return (a, b) => byNumber(a.value, b.value, sign);
}

// What is compared is worked out once a row, not once a comparison.
export function sortRows(rows, sort = "verdict", order = usualOrder(sort)) {
  const first = orderOf(sort, order);
  const valueOf = VALUES[sort] ?? VALUES.verdict;
  return rows
    .map((row) => ({ row, value: valueOf(row), growth: VALUES.growth(row) }))
    .sort((a, b) => first(a, b) || byNumber(a.growth, b.growth, -1) || byName(a.row, b.row))
    .map(({ row }) => row);
}

// ---- jobs ----

function jobOf(job, rows) {
  const worst = rows.reduce((a, b) => (severityOf(b.verdict) < severityOf(a.verdict) ? b : a));
  const leaks = rows.filter(({ verdict }) => verdict === worst.verdict).length;
  return {
    isJob: true,
    id: `job/${job}`,
    job,
    targets: rows.length,
    up: rows.filter(({ health }) => health === "up").length,
    verdict: worst.verdict,
    alike: leaks, // targets that share the worst verdict
    inuse: rows.reduce((sum, { inuse }) => sum + (inuse ?? 0), 0),
    rate: worst.rate,
    limit: soonest(rows),
    builds: new Set(rows.map(({ build }) => build).filter(Boolean)).size,
    build: worst.build,
    spark: worst.spark,
  };
}

function soonest(rows) {
  const limits = rows.map(({ limit }) => limit).filter((limit) => limit?.seconds != null);
  return limits.sort((a, b) => a.seconds - b.seconds)[0] ?? null;
}

// The lines to show when rows (in their order) are gathered by job: each job, and below it its targets
// if it is open. Jobs stand where their first row stood.
export function jobLines(rows, open) {
  const jobs = new Map();
  for (const row of rows) {
    if (!jobs.has(row.job)) jobs.set(row.job, []);
    jobs.get(row.job).push(row);
  }
  return [...jobs].flatMap(([job, list]) => [jobOf(job, list), ...(open.has(job) ? list : [])]);
}

export function jobNames(rows) {
  return [...new Set(rows.map(({ job }) => job))].sort(byText);
}

// { leak: 3, …, up: 17, down: 1 }
export function countRows(rows) {
  const counts = {};
  for (const { verdict, health } of rows) {
    counts[verdict ?? "none"] = (counts[verdict ?? "none"] ?? 0) + 1;
    counts[health] = (counts[health] ?? 0) + 1;
  }
  return counts;
}
