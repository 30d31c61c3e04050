// All incidents, the newest first.

import { useLive } from "../live.js";
import { Ago, Badge, Growth } from "../parts/words.jsx";
import { Empty, Live } from "../parts/states.jsx";
import { setQuery } from "../hash.js";
import { href } from "../route.js";
import { isMuted, rateOfIncident, stateText, triggerText, uploadText } from "./words.js";

const LIMIT = 200;
const STATES = ["any", "collecting", "ready", "failed"];

function Flags({ incident }) {
  const flags = [
    incident.state !== "ready" && stateText(incident.state),
    incident.pinned && "pinned",
    incident.acknowledged && `acknowledged by ${incident.acknowledged.by || "someone"}`,
    isMuted(incident) && "muted",
    uploadText(incident.upload) && `copy ${uploadText(incident.upload)}`,
  ].filter(Boolean);
  if (flags.length === 0) return null;
  return <div class={incident.state === "failed" ? "bad" : "dim"}>{flags.join(" · ")}</div>;
}

function Incident({ incident }) {
  const { target } = incident;
  return (
    <li class={`incident v-${incident.verdict}${isMuted(incident) ? " muted" : ""}`}>
      <a href={href("incident", { id: incident.id })} data-nav>
        <Badge verdict={incident.verdict} />
        <div class="i-what">
          <bdi class="i-title" title={incident.title}>
            {incident.title || "Evidence"}
          </bdi>
          <div>
            <bdi class="job">{target?.job}</bdi> <bdi class="dim">{target?.instance}</bdi>
          </div>
        </div>
        <div class="num">
          <Growth rate={rateOfIncident(incident)} />
        </div>
        <div class="i-when">
          <div>
            <Ago time={incident.openedAt} />
            <span class="dim"> {triggerText(incident.trigger)}</span>
          </div>
          <Flags incident={incident} />
        </div>
      </a>
    </li>
  );
}

export function IncidentsView({ query }) {
  const { state = "any", job = "", target = "" } = query;
  const asked = new URLSearchParams({
    state,
    limit: LIMIT,
    ...(job && { job }),
    ...(target && { target }),
  });
  const answer = useLive(`incidents?${asked}`);
  return (
    <section aria-labelledby="incidents-title">
      <div class="bar">
        <h1 id="incidents-title">Incidents</h1>
        <div class="choices" role="group" aria-label="Filter by state">
          {STATES.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === state}
              onClick={() => setQuery({ state: name === "any" ? "" : name })}
            >
              {name === "any" ? "all" : name}
            </button>
          ))}
        </div>
        {(job || target) && (
          <button
            type="button"
            class="plain-button"
            onClick={() => setQuery({ job: "", target: "" })}
          >
            {job ? <bdi>{job}</bdi> : "One target"} only: show all
          </button>
        )}
      </div>
      <Live
        answer={answer}
        what="incidents"
        absent={<Empty title="This leakwatchd keeps no incidents." />}
      >
        {({ incidents, total }) =>
          incidents.length === 0 ? (
            <Empty title="No incidents.">
              When a leak is suspected, evidence is captured and stands here.
            </Empty>
          ) : (
            <>
              <ol class="answers">
                {incidents.map((incident) => (
                  <Incident key={incident.id} incident={incident} />
                ))}
              </ol>
              {total > incidents.length && (
                <p class="dim">
                  The newest {incidents.length} of {total.toLocaleString("en")}.
                </p>
              )}
            </>
          )
        }
      </Live>
    </section>
  );
}
