// Groups of goroutines that stand at the same place.

import { useLive } from "../live.js";
import { Badge, FunctionName, Place } from "../parts/words.jsx";
import { Stack } from "../parts/stack.jsx";

const SHOWN = 30;

function perHour(growth) {
  if (growth == null) return "";
  const rounded = Math.round(growth * 10) / 10;
  return `${rounded > 0 ? "+" : rounded < 0 ? "\u2212" : ""}${Math.abs(rounded).toLocaleString("en")}/h`;
}

function Group({ group }) {
  const frame = group.responsible ?? group.stack?.[0];
  return (
    <details class={`group v-${group.verdict}`}>
      <summary data-nav>
        <span class="num">{group.count.toLocaleString("en")}</span>
        <span class="g-what">
          {frame ? [<FunctionName frame={frame} />, " ", <Place frame={frame} />] : "no stack"}
        </span>
        <span class="dim">{group.wait}</span>
        <span class="num">{perHour(group.growthPerHour)}</span>
        {group.verdict && <Badge verdict={group.verdict} />}
      </summary>
      {group.stack && <Stack stack={group.stack} responsible={group.responsible} />}
    </details>
  );
}

export function GoroutineGroups({ groups }) {
  return (
    <>
      {groups.slice(0, SHOWN).map((group) => (
        <Group key={group.id} group={group} />
      ))}
      {groups.length > SHOWN && <p class="dim">… and {groups.length - SHOWN} smaller groups.</p>}
    </>
  );
}

// Nothing at all where the daemon does not know the target's goroutines.
export function Goroutines({ target }) {
  const { data } = useLive(`targets/${target}/goroutines`, 15_000);
  if (!data?.groups?.length) return null;
  return (
    <section class="card" aria-labelledby="goroutines-title">
      <h2 id="goroutines-title">
        Goroutines <small class="dim">{data.total.toLocaleString("en")}</small>
      </h2>
      <GoroutineGroups groups={data.groups} />
    </section>
  );
}
