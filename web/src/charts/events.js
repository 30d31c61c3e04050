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

function onsetEvent(time_s) {
  return {
    time_s,
    kind: "onset",
    label: "growth began",
    text: "growth began",
    colour: "text",
  };
}

// blocks as of /series, deploys as of deploysOf(), began_s where growth began or null. Oldest first, and
// only what lies within the time of the blocks. label is for the chart, text for those who read it.
export function eventsOf(blocks, deploys, began_s) {
  if (blocks.length === 0) return [];
  const [from, to] = [blocks[0].start, blocks.at(-1).end];
  const restarts = restartTimes(blocks).filter((time_s) => !isNear(time_s, deploys));
  return [
    ...restarts.map(restartEvent),
    ...deploys.map(deployEvent),
    ...(began_s ? [onsetEvent(began_s)] : []),
  ]
    .filter(({ time_s }) => time_s >= from && time_s <= to)
    .sort((a, b) => a.time_s - b.time_s);
}
