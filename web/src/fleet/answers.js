// The suspects as answers: a leak is in the code, so one that several replicas of a job show is told
// once. Pure functions.

import { buildName, firstBuild, rateOf, severityOf } from "./rows.js";

function whatOf({ site, type }) {
  if (site) return `site/${site.id}`;
  return type ? `type/${type}` : "total";
}

// Where the code to look at is: the responsible frame, or the allocating one where there is none.
export function frameOf(site) {
  return site.responsible ?? { function: site.function, file: site.file, line: site.line };
}

function earliest(times) {
  const known = times.filter((time) => Date.parse(time) > 0);
  return known.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null;
}

// Of several replicas, the one that is full first.
function soonest(suspects, limits) {
  const known = suspects
    .map(({ timeToLimit, target }) => timeToLimit ?? limits.get(target.id))
    .filter((limit) => limit?.seconds != null);
  return known.sort((a, b) => a.seconds - b.seconds)[0] ?? null;
}

function answerOf(suspects, instances, limits) {
  const [worst] = suspects; // they come worst first
  const { target } = worst;
  return {
    key: `${target.job}/${whatOf(worst)}`,
    verdict: worst.verdict,
    type: worst.type,
    kind: worst.kind,
    frame: worst.site ? frameOf(worst.site) : null,
    row: worst.site ? { kind: "site", id: worst.site.id } : null,
    job: target.job,
    target: target.id,
    instance: target.instance,
    replicas: { with: suspects.length, of: Math.max(instances, suspects.length) },
    rate: rateOf(worst),
    inuse: worst.inuse_bytes,
    kept: worst.retention_ratio,
    since: earliest(suspects.map((suspect) => suspect.growing_since ?? suspect.since)),
    build: buildName(target.build),
    firstBuild: firstBuild(worst.firstSeenIn),
    limit: soonest(suspects, limits),
    recurring: Boolean(worst.recurring),
    provisional: Boolean(worst.provisional),
    spark: worst.sparkline ?? [],
  };
}

const DAY_S = 86_400;

// What is out of memory before the day is over cannot wait for what takes more in the long run.
function urgency({ limit }) {
  return limit?.seconds <= DAY_S ? limit.seconds : Infinity;
}

function mostUrgentFirst(a, b) {
  const [x, y] = [urgency(a), urgency(b)];
  return severityOf(a.verdict) - severityOf(b.verdict) || (x === y ? 0 : x - y);
}

// suspects as of /suspects, worst first; rows of the fleet, for the number of replicas.
export function answersOf(suspects, rows) {
  const groups = new Map();
  for (const suspect of suspects) {
    const key = `${suspect.target.job}\n${whatOf(suspect)}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(suspect);
  }
  const instances = new Map();
  for (const { job } of rows) instances.set(job, (instances.get(job) ?? 0) + 1);
  const limits = new Map(rows.map(({ id, limit }) => [id, limit]));
  return [...groups.values()]
    .map((list) => answerOf(list, instances.get(list[0].target.job) ?? 0, limits))
    .sort(mostUrgentFirst);
}

// ---- when there are none ----

function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

// What to say when nothing is suspected: { title, text }.
export function calmOf(rows) {
  const known = rows.filter(({ verdict }) => verdict);
  const warming = known.filter(({ verdict }) => verdict === "warming").length;
  const down = rows.filter(({ health }) => health === "down").length;
  if (rows.length === 0) {
    return {
      title: "No targets yet.",
      text: "Name some under scrape_configs in the configuration, then reload it.",
    };
  }
  const said = [`${plural(rows.length, "target")} watched.`];
  if (warming > 0) said.push(`${plural(warming, "target")} still too young for a verdict.`);
  if (warming > 0 && warming === known.length)
    said.push("The first ones come after an hour or two, sooner with a smaller trend.base_block.");
  if (down > 0) said.push(`${plural(down, "target")} down: nothing new is known there.`);
  return { title: calmTitle(known.length, warming, down), text: said.join(" ") };
}

function calmTitle(known, warming, down) {
  if (known === 0)
    return down > 0 ? "Nothing can be said: no target answers." : "Waiting for the first scrapes.";
  return warming === known ? "Warming up." : "No leak in sight.";
}
