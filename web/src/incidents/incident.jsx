// One incident: what it says first, then the evidence.

import { useLive } from "../live.js";
import { FlameOf } from "../flame/view.jsx";
import { Badge } from "../parts/words.jsx";
import { Gates } from "../parts/gates.jsx";
import { Empty, Live } from "../parts/states.jsx";
import { href } from "../route.js";
import { GoroutineGroups } from "../target/goroutines.jsx";
import { Actions } from "./actions.jsx";
import { Collection, Diagnosis, Files, Subject, SubjectStack } from "./report.jsx";
import { comparison, stateText, triggerText, wholeIncident } from "./words.js";

function Title({ incident, onDone }) {
  const { id, target, subject, state } = incident;
  return (
    <header class="title">
      <a href="#/incidents" class="up" data-up>
        Incidents
      </a>
      {target && (
        <a href={href("target", { id: target.id })} class="up">
          <bdi>{target.job}</bdi> <bdi>{target.instance}</bdi>
        </a>
      )}
      <h1 class="headline-of-incident">
        <bdi>{incident.title || "Evidence"}</bdi>
      </h1>
      <Badge verdict={subject?.verdict ?? incident.verdict} />
      <span class={state === "failed" ? "bad" : "dim"}>
        {stateText(state)} · captured {triggerText(incident.trigger)}
        {incident.why && `: ${incident.why}`}
      </span>
      <div class="actions">
        <a href={`api/v1/incidents/${encodeURIComponent(id)}/report.md`}>Report as text</a>
        <Actions incident={incident} onDone={onDone} />
      </div>
    </header>
  );
}

// The difference against the heap from before the growth began; without one, the heap itself.
function Difference({ incident, query }) {
  const compared = comparison(incident);
  if (!compared) return null;
  const asked = new URLSearchParams({ profile: compared.profile });
  if (compared.base) asked.set("base", compared.base);
  return (
    <section aria-labelledby="difference-title">
      <h2 id="difference-title">
        {compared.base ? "Since before the growth began" : "The heap"}{" "}
        <small class="dim">
          {compared.now}
          {compared.base && " against baseline.pb.gz"}
        </small>
      </h2>
      <FlameOf
        path={`flame?${asked}`}
        query={query}
        absent={<Empty title="The profiles cannot be compared by this leakwatchd." />}
      />
    </section>
  );
}

function Goroutines({ goroutines }) {
  if (!goroutines?.groups?.length) return null;
  const { groups, total } = goroutines;
  return (
    <section class="card" aria-labelledby="goroutines-title">
      <h2 id="goroutines-title">
        Goroutines <small class="dim">{total?.toLocaleString("en")}</small>
      </h2>
      <GoroutineGroups groups={groups} />
    </section>
  );
}

function Incident({ incident, query, onDone }) {
  return (
    <>
      <Title incident={incident} onDone={onDone} />
      {incident.state === "collecting" && (
        <p class="state loading" role="status">
          Evidence is being collected; the report follows.
        </p>
      )}
      <Subject incident={incident} />
      <Diagnosis diagnosis={incident.diagnosis} />
      <SubjectStack subject={incident.subject} />
      <Difference incident={incident} query={query} />
      <Collection gc={incident.gc} />
      <Goroutines goroutines={incident.goroutines} />
      <Files incident={incident} />
      <Gates gates={incident.gates} verdict={incident.subject?.verdict} />
    </>
  );
}

export function IncidentView({ id, query }) {
  const answer = useLive(`incidents/${encodeURIComponent(id)}`);
  return (
    <Live answer={answer} what="incident">
      {(data) => <Incident incident={wholeIncident(data)} query={query} onDone={answer.refresh} />}
    </Live>
  );
}
