// A flame graph as a page: of a target's newest heap, of any captured profile, of a difference of two.

import { useLive } from "../live.js";
import { Empty, Live } from "../parts/states.jsx";
import { setQuery } from "../hash.js";
import { href } from "../route.js";
import { Ago } from "../parts/words.jsx";
import { Flame } from "./flame.jsx";

const HOUR_MS = 3_600_000; // a graph that changes under the pointer would be of no use

const WHAT = [
  ["inuse", "in use"],
  ["alloc", "allocated"],
];
const UNITS = [
  ["space", "bytes"],
  ["objects", "objects"],
];
const GATHERED = [
  ["function", "by function"],
  ["type", "by type"],
];

function Choice({ label, options, value, onChoose }) {
  return (
    <div class="choices" role="group" aria-label={label}>
      {options.map(([key, name]) => (
        <button key={key} type="button" aria-pressed={key === value} onClick={() => onChoose(key)}>
          {name}
        </button>
      ))}
    </div>
  );
}

function Controls({ query }) {
  const { sample = "inuse_space", by = "function", q = "" } = query;
  const [what, unit] = sample.split("_");
  return (
    <div class="bar">
      <Choice
        label="What"
        options={WHAT}
        value={what}
        onChoose={(key) => setQuery({ sample: `${key}_${unit}` })}
      />
      <Choice
        label="Unit"
        options={UNITS}
        value={unit}
        onChoose={(key) => setQuery({ sample: `${what}_${key}` })}
      />
      <Choice
        label="Gathered"
        options={GATHERED}
        value={by}
        onChoose={(key) => setQuery({ by: key })}
      />
      <div class="bar-end">
        <input
          type="search"
          placeholder="Find  /"
          aria-label="Find functions or types"
          value={q}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
      </div>
    </div>
  );
}

// path: of the API, without what the controls choose.
export function FlameOf({ path, query, absent }) {
  const { sample = "inuse_space", by = "function", q = "" } = query;
  const answer = useLive(
    `${path}${path.includes("?") ? "&" : "?"}sample=${sample}&by=${by}`,
    HOUR_MS,
  );
  return (
    <section class="card" aria-label="Flame graph">
      <Controls query={query} />
      <Live answer={answer} what="flame graph" absent={absent}>
        {(data) => <Flame data={data} search={q} onFind={(name) => setQuery({ q: name })} />}
      </Live>
    </section>
  );
}

export function TargetFlameView({ id, query }) {
  const target = useLive(`targets/${encodeURIComponent(id)}`, HOUR_MS);
  const labels = target.data?.labels;
  return (
    <>
      <header class="title">
        <a href="#/" class="up">
          Fleet
        </a>
        <a href={href("target", { id })} class="up" data-up>
          {labels ? (
            <>
              <bdi>{labels.job}</bdi> <bdi>{labels.instance}</bdi>
            </>
          ) : (
            id
          )}
        </a>
        <h1>Newest heap</h1>
        {target.data && (
          <span class="dim">
            <Ago time={target.data.lastScrape} />
          </span>
        )}
      </header>
      <FlameOf
        path={`targets/${encodeURIComponent(id)}/flame`}
        query={query}
        absent={<Empty title="There is no heap of this target." />}
      />
    </>
  );
}

export function FlameView({ query }) {
  const { profile, base } = query;
  if (!profile) return <Empty title="No profile was named." />;
  const [incident] = profile.split("/");
  const path = `flame?${new URLSearchParams(base ? { profile, base } : { profile })}`;
  return (
    <>
      <header class="title">
        <a href={href("incident", { id: incident })} class="up" data-up>
          Incident
        </a>
        <h1>
          {profile.split("/")[1]}
          {base && <span class="dim"> since {base.split("/")[1]}</span>}
        </h1>
      </header>
      <FlameOf path={path} query={query} />
    </>
  );
}
