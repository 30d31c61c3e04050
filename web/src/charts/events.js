// What happened to a target while its memory was watched, as marks on its chart and in words below it.
// Pure functions.

import { restartTimes } from "./series.js";

// A deploy is a restart, too, and is told once.
function isNear(time_s, deploys) {
  return deploys.some((deploy) => deploy.isDeploy && Math.abs(deploy.time_s - time_s) < 1);
}

function deployEvent({ time_s, build, leaks, isDeploy }) {
  const said = isDeploy ? `deploy of ${build}` : build;
  return {
    time_s,
    kind: leaks ? "leaking" : "deploy",
    label: leaks ? `${build}, first to leak` : build,
    text: leaks ? `${said}, the first to leak` : said,
    colour: leaks ? "leak" : "accent",
    isBold: true,
  };
}

function restartEvent(time_s) {
  return { time_s, kind: "restart", label: "restart", text: "restart", colour: "dim" };
}

// A process cannot have begun to grow before it began.
function onsetEvent({ from_s, to_s }, starts) {
  const within = starts.filter((start_s) => start_s > from_s && start_s <= to_s);
  return {
    time_s: Math.max(from_s, ...within),
    kind: "onset",
    label: "growth began",
    text: "growth began",
    colour: "text",
  };
}

// blocks as of /series, deploys as of deploysOf(), onset: { from_s, to_s } between which growth began, or
// null. Oldest first, and only what lies within the time of the blocks. label is for the chart, text for
// those who read it.
export function eventsOf(blocks, deploys, onset) {
  if (blocks.length === 0) return [];
  const [from, to] = [blocks[0].start, blocks.at(-1).end];
  const restarts = restartTimes(blocks).filter((time_s) => !isNear(time_s, deploys));
  const deployed = deploys.filter(({ isDeploy }) => isDeploy).map(({ time_s }) => time_s);
  return [
    ...restarts.map(restartEvent),
    ...deploys.map(deployEvent),
    ...(onset ? [onsetEvent(onset, [...restarts, ...deployed])] : []),
  ]
    .filter(({ time_s }) => time_s >= from && time_s <= to)
    .sort((a, b) => a.time_s - b.time_s);
}
