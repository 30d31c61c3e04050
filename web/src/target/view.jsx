// One target: its memory over time, what grows in it and why it is called what it is called.

import { useMemo } from "preact/hooks";

import { bytes, duration, percent } from "../format.js";
import { useLive } from "../live.js";
import { Since, Ago, Badge, Facts, Growth, Health, TimeToLimit } from "../parts/words.jsx";
import { Gates } from "../parts/gates.jsx";
import { Empty, Live } from "../parts/states.jsx";
import { History } from "../charts/history.jsx";
import { buildName, limitOf, rateOf } from "../fleet/rows.js";
import { href } from "../route.js";
import { Capture } from "./capture.jsx";
import { Goroutines } from "./goroutines.jsx";
import { deploysOf } from "./deploys.js";
import { memoryLines } from "./memory.js";
import { Rows } from "./rows.jsx";

function TargetTitle({ labels, health, verdict, children }) {
  return (
    <header class="title">
      <a href="#/" class="up" data-up>
        Fleet
      </a>
      <h1>
        <bdi class="job">{labels.job}</bdi> <bdi class="dim">{labels.instance}</bdi>
      </h1>
      <Badge verdict={verdict} />
      <Health health={health} />
      {children}
    </header>
  );
}

function Build({ build, error }) {
  if (!build) return <span class="dim">{error || "not known"}</span>;
  return (
    <bdi title={`${build.module} ${build.version} ${build.vcs_revision}, build id ${build.id}`}>
      {buildName(build)} <span class="dim">{build.go_version}</span>
    </bdi>
  );
}

function Summary({ target, memory }) {
  const { heap } = target;
  const { limit } = target;
  const began = target.onset?.from ?? heap.growing_since;
  return (
    <Facts
      facts={[
        ["In use", bytes(heap.inuse_bytes)],
        ["Growth", <Growth rate={rateOf(heap)} />],
        ["Limit in", limitOf(target) && <TimeToLimit limit={limitOf(target)} />],
        ["Limit", limit?.bytes > 0 ? <span title={limit.source}>{bytes(limit.bytes)}</span> : null],
        ["RSS", memory?.rss > 0 ? bytes(memory.rss) : null],
        ["Next GC at", memory?.nextGC > 0 ? bytes(memory.nextGC) : null],
        ["GC's CPU", memory?.gcCPUFraction > 0 ? percent(memory.gcCPUFraction) : null],
        ["Goroutines", target.goroutines?.count?.toLocaleString("en")],
        ["Kept", heap.retention_ratio == null ? null : percent(heap.retention_ratio)],
        ["Mean age", heap.mean_age_seconds == null ? null : duration(heap.mean_age_seconds)],
        [
          "Allocates",
          heap.alloc_bytes_per_second == null ? null : `${bytes(heap.alloc_bytes_per_second)}/s`,
        ],
        ["Growing since", began && <Since time={began} />],
        ["Restarts", heap.process_restarts > 0 ? heap.process_restarts : null],
        ["Build", <Build build={target.build} error={target.buildError} />],
        ["Last scrape", <Ago time={target.lastScrape} />],
        ["It took", duration(target.lastScrapeDuration)],
      ]}
    />
  );
}

function OtherLabels({ labels }) {
  const others = Object.entries(labels).filter(([name]) => name !== "job" && name !== "instance");
  if (others.length === 0) return null;
  return (
    <ul class="labels" aria-label="Labels">
      {others.map(([name, value]) => (
        <li key={name}>
          <span class="dim">{name}</span> <bdi>{value}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Chart({ target, memory }) {
  const answer = useLive(`targets/${target.id}/series`);
  const more = useMemo(() => memoryLines(memory), [memory]);
  return (
    <section class="card" aria-labelledby="memory-title">
      <h2 id="memory-title">Memory</h2>
      <Live answer={answer} what="history">
        {(series) => (
          <History
            series={{ ...series, onset: target.onset }}
            more={more}
            deploys={deploysOf(target)}
          />
        )}
      </Live>
    </section>
  );
}

// What was captured of it, if anything was.
function IncidentsLink({ target }) {
  const { data } = useLive(`incidents?state=any&target=${target}&limit=1`, 15_000);
  if (!data?.total) return null;
  return (
    <a href={href("incidents", {}, { target })}>
      {data.total.toLocaleString("en")} incident{data.total === 1 ? "" : "s"}
    </a>
  );
}

function Down({ error }) {
  return (
    <p class="state bad" role="alert">
      Down: <bdi>{error}</bdi>
    </p>
  );
}

// A target that never answered has a heap of zeros, of which nothing can be said.
function NeverSeen({ target }) {
  const { labels, health, lastError } = target;
  return (
    <>
      <TargetTitle labels={labels} health={health} />
      {health === "down" && <Down error={lastError} />}
      <OtherLabels labels={labels} />
      <Empty title="It has not answered yet.">
        It is asked for <bdi class="code">{target.scrapeUrl}</bdi> every {target.scrapeInterval}. A
        service answers there once it imports net/http/pprof and listens on that address.
      </Empty>
    </>
  );
}

function Target({ target, query }) {
  const memory = useLive(`targets/${target.id}/memory`, 15_000).data;
  const { heap } = target;
  return (
    <>
      <TargetTitle labels={target.labels} health={target.health} verdict={heap.verdict}>
        <span class="actions">
          <IncidentsLink target={target.id} />
          <a href={href("targetFlame", { id: target.id })}>Flame graph</a>
          <Capture target={target.id} />
        </span>
      </TargetTitle>
      {target.health === "down" && <Down error={target.lastError} />}
      <Summary target={target} memory={memory} />
      <OtherLabels labels={target.labels} />
      <Chart target={target} memory={memory} />
      <Rows target={target.id} build={target.build} buildError={target.buildError} query={query} />
      <Goroutines target={target.id} />
      <Gates gates={target.gates} verdict={heap.verdict} series={heap} />
    </>
  );
}

export function TargetView({ id, query }) {
  const answer = useLive(`targets/${encodeURIComponent(id)}`);
  return (
    <Live answer={answer} what="target">
      {(target) =>
        target.heap.first_seen ? (
          <Target target={target} query={query} />
        ) : (
          <NeverSeen target={target} />
        )
      }
    </Live>
  );
}
