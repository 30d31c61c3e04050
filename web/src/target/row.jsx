// One type or one site: its history, where it is allocated, which replicas show the same.

import { useMemo } from "preact/hooks";

import { bytes, duration } from "../format.js";
import { get, isAbsent } from "../api.js";
import { useLive, useLoaded } from "../live.js";
import {
  Since,
  Badge,
  Facts,
  FunctionName,
  Growth,
  Kept,
  NotFollowed,
  Place,
  TimeToLimit,
  TypeName,
} from "../parts/words.jsx";
import { Gates } from "../parts/gates.jsx";
import { Sparkline } from "../parts/sparkline.jsx";
import { Stack } from "../parts/stack.jsx";
import { Empty, Live } from "../parts/states.jsx";
import { History } from "../charts/history.jsx";
import { frameOf } from "../fleet/answers.js";
import { rateOf } from "../fleet/rows.js";
import { href } from "../route.js";
import { deploysOf } from "./deploys.js";

const ROWS_ASKED = 8192;
const REPLICAS_MAX = 24; // each costs two requests a round
const SLOW_MS = 15_000;

// A site says its type by name only; a type's sites are those with its name.
function sitesOf(kind, row, sites) {
  if (kind === "site") return [row];
  return sites.filter((site) => site.type === row.type && site.kind === row.kind);
}

function Heading({ kind, row }) {
  const frame = kind === "site" ? frameOf(row) : null;
  return (
    <div class="row-title">
      <h1 class="big">
        {row.type ? (
          <TypeName type={row.type} />
        ) : frame ? (
          <FunctionName frame={frame} full />
        ) : (
          "not known"
        )}
      </h1>
      {row.kind && <span class="dim">{row.kind}</span>}
      <Badge verdict={row.verdict} />
      {frame && (
        <p>
          {row.type && (
            <>
              <span class="dim">allocated in </span>
              <FunctionName frame={frame} full />{" "}
            </>
          )}
          <Place frame={frame} />
        </p>
      )}
      {!row.type && row.type_unresolved && (
        <p class="dim">
          The type is not known: <bdi>{row.type_unresolved}</bdi>
        </p>
      )}
    </div>
  );
}

function Figures({ row, limit }) {
  return (
    <Facts
      facts={[
        ["Growth", <Growth rate={rateOf(row)} />],
        ["In use", `${bytes(row.inuse_bytes)} in ${row.inuse_objects.toLocaleString("en")}`],
        ["Never freed", <Kept share={row.retention_ratio} />],
        ["Mean age", row.mean_age_seconds == null ? null : duration(row.mean_age_seconds)],
        [
          "Allocates",
          row.alloc_bytes_per_second == null ? null : `${bytes(row.alloc_bytes_per_second)}/s`,
        ],
        ["Growing since", row.growing_since && <Since time={row.growing_since} />],
        ["Limit in", limit && <TimeToLimit limit={limit} />],
        ["Module", row.type_module && `${row.type_module} ${row.type_version ?? ""}`],
      ]}
    />
  );
}

// ---- replicas ----

// A series is asked for only where there is one: the browser writes each 404 to its console.
async function replicaOf(target, kind, id, signal) {
  const found = await get(`targets/${target.id}/${kind}s?id=${id}`, signal);
  const [row] = found[`${kind}s`];
  if (!row?.followed) return { target, row, spark: [] };
  const { blocks } = await get(`targets/${target.id}/series?${kind}=${id}`, signal);
  return { target, row, spark: blocks.map((block) => block.inuse_bytes) };
}

async function knownReplicaOf(target, kind, id, signal) {
  try {
    return await replicaOf(target, kind, id, signal);
  } catch (error) {
    if (isAbsent(error)) return { target, row: null, spark: [] }; // gone in between
    throw error;
  }
}

async function loadReplicas({ job, kind, row }, signal) {
  const { activeTargets } = await get(
    `targets?state=active&job=${encodeURIComponent(job)}&limit=1000`,
    signal,
  );
  const all = activeTargets.filter(({ labels }) => labels.job === job);
  const asked = all.slice(0, REPLICAS_MAX);
  const replicas = [];
  for (const target of asked) replicas.push(await knownReplicaOf(target, kind, row, signal));
  return { replicas, of: all.length };
}

function ReplicaVerdict({ row }) {
  if (!row) return <span class="dim">not seen</span>;
  return row.followed ? <Badge verdict={row.verdict} /> : <NotFollowed />;
}

function Replica({ replica, kind, id, here }) {
  const { target, row, spark } = replica;
  const name = <bdi title={target.labels.instance}>{target.labels.instance}</bdi>;
  return (
    <tr class={`line v-${row?.verdict}`}>
      <td class="r-name">
        {row && !here ? (
          <a href={href("row", { id: target.id, kind, row: id })} data-nav>
            {name}
          </a>
        ) : (
          name
        )}
        {here && <span class="note">this one</span>}
      </td>
      <td class="r-verdict">
        <ReplicaVerdict row={row} />
      </td>
      <td class="num">{row && <Growth rate={rateOf(row)} />}</td>
      <td class="r-spark">
        <Sparkline values={spark} />
      </td>
    </tr>
  );
}

function Replicas({ job, kind, row, here }) {
  const key = JSON.stringify([job, kind, row]);
  const answer = useLoaded(key, (signal) => loadReplicas({ job, kind, row }, signal), SLOW_MS);
  return (
    <section class="card" aria-labelledby="replicas-title">
      <h2 id="replicas-title">Replicas of {job}</h2>
      <Live answer={answer} what="replicas">
        {({ replicas, of }) => (
          <>
            <table class="plain" aria-labelledby="replicas-title">
              <thead>
                <tr>
                  <th scope="col">Instance</th>
                  <th scope="col">Verdict</th>
                  <th scope="col" class="num">
                    Growth
                  </th>
                  <th scope="col" class="r-spark">
                    In use over time
                  </th>
                </tr>
              </thead>
              <tbody>
                {replicas.map((replica) => (
                  <Replica
                    key={replica.target.id}
                    {...{ replica, kind, id: row }}
                    here={replica.target.id === here}
                  />
                ))}
              </tbody>
            </table>
            {of > replicas.length && (
              <p class="dim">
                The first {replicas.length} of {of}.
              </p>
            )}
          </>
        )}
      </Live>
    </section>
  );
}

// ---- the view ----

function Stacks({ sites }) {
  if (sites.length === 0) return null;
  return (
    <section class="card" aria-labelledby="stacks-title">
      <h2 id="stacks-title">Allocated by</h2>
      {sites.slice(0, 8).map((site) => (
        <div class="site-stack" key={site.id}>
          {sites.length > 1 && (
            <h3>
              {bytes(site.inuse_bytes)} in use, <Growth rate={rateOf(site)} />
            </h3>
          )}
          <Stack stack={site.stack} responsible={site.responsible} />
        </div>
      ))}
      {sites.length > 8 && <p class="dim">… and {sites.length - 8} more call stacks.</p>}
    </section>
  );
}

const UNFOLLOWED = { data: null, error: null, absent: true };

function Found({ target, kind, row, sites }) {
  const path = `targets/${target.id}/series?${kind}=${encodeURIComponent(row.id)}`;
  const asked = useLive(row.followed ? path : null);
  const series = row.followed ? asked : UNFOLLOWED;
  return (
    <>
      <Heading kind={kind} row={row} />
      <Figures row={row} limit={series.data?.timeToLimit} />
      <section class="card" aria-label="History">
        <Live
          answer={series}
          what="history"
          absent={<p class="dim">Too small to be followed over time so far.</p>}
        >
          {(data) => <History series={data} deploys={deploysOf(target)} />}
        </Live>
      </section>
      <Stacks sites={sitesOf(kind, row, sites)} />
      <Replicas job={target.labels.job} kind={kind} row={row.id} here={target.id} />
      <Gates gates={series.data?.gates} verdict={row.verdict} series={row} />
    </>
  );
}

function Row({ target, kind, row: id }) {
  const sites = useLive(`targets/${target.id}/sites?limit=${ROWS_ASKED}`, SLOW_MS);
  const types = useLive(
    kind === "type" ? `targets/${target.id}/types?limit=${ROWS_ASKED}` : null,
    SLOW_MS,
  );
  const answer = kind === "type" ? types : sites;
  const row = useMemo(
    () => answer.data?.[`${kind}s`].find((one) => one.id === id),
    [answer.data, kind, id],
  );
  return (
    <Live answer={answer} what={kind}>
      {() =>
        row ? (
          <Found {...{ target, kind, row }} sites={sites.data?.sites ?? []} />
        ) : (
          <Empty title={`This ${kind} is not in the newest heap of the target.`} />
        )
      }
    </Live>
  );
}

export function RowView({ id, kind, row }) {
  const answer = useLive(`targets/${encodeURIComponent(id)}`);
  if (kind !== "type" && kind !== "site") return <Empty title="There is no such page." />;
  return (
    <Live answer={answer} what="target">
      {(target) => (
        <>
          <header class="title">
            <a href="#/" class="up">
              Fleet
            </a>
            <a href={href("target", { id })} class="up" data-up>
              <bdi>{target.labels.job}</bdi> <bdi>{target.labels.instance}</bdi>
            </a>
          </header>
          <Row key={row} target={target} kind={kind} row={row} />
        </>
      )}
    </Live>
  );
}
