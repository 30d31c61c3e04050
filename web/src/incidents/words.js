// How incidents are spoken of. Pure functions.

const STATES = {
  collecting: "collecting evidence",
  ready: "ready",
  failed: "failed",
};

const TRIGGERS = {
  verdict: "on suspicion",
  webhook: "by an alert",
  api: "asked for",
  memory: "because memory runs out",
};

export function stateText(state) {
  return STATES[state] ?? state ?? "";
}

export function triggerText(trigger) {
  return TRIGGERS[trigger] ?? trigger ?? "";
}

function known(object) {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value !== null));
}

// What the list knows of an incident and what its report says, as one; while evidence is still being
// collected there is no report.
export function wholeIncident({ report, ...incident }) {
  return {
    ...report,
    ...known(incident),
    target: { ...report?.target, ...known(incident.target) },
  };
}

// The report has estimates as { value, lo, hi }, the list as three members.
export function rateOfIncident(incident) {
  const rate = incident.subject?.rateBytesPerSecond ?? incident.rateBytesPerSecond;
  if (rate !== null && typeof rate === "object") return rate;
  return { value: rate ?? null, lo: incident.rateLo ?? null, hi: incident.rateHi ?? null };
}

export function isMuted(incident, now = Date.now()) {
  return Date.parse(incident.mutedUntil) > now;
}

// A profile of an incident as /flame and /diff name it.
export function profileName(incident, file) {
  return `${incident.id}/${file}`;
}

function has(incident, name) {
  return (incident.files ?? []).some((file) => file.name === name && (file.state ?? "ok") === "ok");
}

// The profiles to hold against each other: the heap of now against that from before the growth began;
// null where one was not captured.
export function comparison(incident) {
  const now = ["heap-gc.pb.gz", "heap.pb.gz", "last.pb.gz"].find((name) => has(incident, name));
  if (!now) return null;
  const base = has(incident, "baseline.pb.gz") ? "baseline.pb.gz" : null;
  return { profile: profileName(incident, now), base: base && profileName(incident, base), now };
}

const PROFILES = /\.pb\.gz$/;
const HEAPS = /^(heap|heap-gc|allocs|baseline|last)\.pb\.gz$/;

export function isHeap(file) {
  return HEAPS.test(file.name);
}

export function isProfile(file) {
  return PROFILES.test(file.name);
}

const UPLOADS = { waiting: "waiting", done: "stored", refused: "refused" };

// What became of the copy in object storage; null where there is to be none.
export function uploadText(upload) {
  const word = UPLOADS[upload?.state];
  if (!word) return null;
  return upload.why ? `${word}: ${upload.why}` : word;
}
