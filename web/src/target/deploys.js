// Which builds a target ran, as the deploys that a chart marks. Pure functions.

import { buildName } from "../fleet/rows.js";

const SHORT_ID = 8; // digits of a build id, where the name alone does not tell two builds apart

function seconds(time) {
  return Date.parse(time) / 1000 || null;
}

function namesOf(builds) {
  return builds.map((build, i) => {
    const name = buildName(build);
    const isSame = i > 0 && name === buildName(builds[i - 1]);
    return isSame ? `${name} (${build.id.slice(0, SHORT_ID)})` : name;
  });
}

// Where the build that the leak began in was not seen to be deployed: then it is marked where the leak
// was first seen.
function firstSeen({ firstSeenIn }) {
  const time_s = seconds(firstSeenIn?.at);
  const { revision: vcs_revision, buildId: id, version } = firstSeenIn ?? {};
  const build = buildName({ version, vcs_revision, id });
  return build && time_s ? [{ time_s, build, id, isDeploy: false, leaks: true }] : [];
}

// [{ time_s, build, id, isDeploy, leaks }], oldest first: each build but the one the target ran when it
// was first seen; `leaks` where its leak was first seen in that one, and not in one before.
export function deploysOf(target) {
  const builds = target.builds ?? [];
  const names = namesOf(builds);
  const leaking = target.firstSeenIn?.absentIn ? target.firstSeenIn.buildId : null;
  const deploys = builds
    .map(({ id, from }, i) => ({
      time_s: seconds(from),
      build: names[i],
      id,
      isDeploy: true,
      leaks: id === leaking,
    }))
    .slice(1)
    .filter(({ time_s }) => time_s);
  if (!leaking || deploys.some(({ leaks }) => leaks)) return deploys;
  return [...deploys, ...firstSeen(target)].sort((a, b) => a.time_s - b.time_s);
}
