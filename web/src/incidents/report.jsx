// The sections of an incident's report.

import { bytes, duration } from "../format.js";
import { href } from "../route.js";
import {
  Ago,
  FunctionName,
  Growth,
  Kept,
  Place,
  Since,
  TimeToLimit,
  TypeName,
  Facts,
} from "../parts/words.jsx";
import { Stack } from "../parts/stack.jsx";
import { buildName, firstBuild } from "../fleet/rows.js";
import { isHeap, profileName, rateOfIncident, uploadText } from "./words.js";

const ROWS_SHOWN = 20;

function Upload({ upload }) {
  return (
    <span class={upload.state === "refused" ? "bad" : null}>
      {uploadText(upload)}
      {upload.at && (
        <>
          , <Ago time={upload.at} />
        </>
      )}
    </span>
  );
}

export function Subject({ incident }) {
  const { subject, target, replicas, firstSeenIn, timeToLimitSeconds: limit } = incident;
  return (
    <Facts
      facts={[
        ["Growth", <Growth rate={rateOfIncident(incident)} />],
        ["Never freed", subject?.retention == null ? null : <Kept share={subject.retention} />],
        ["In use", subject?.inuseBytes == null ? null : bytes(subject.inuseBytes)],
        ["Mean age", subject?.meanAgeSeconds == null ? null : duration(subject.meanAgeSeconds)],
        ["Began", subject?.onsetFrom && <Since time={subject.onsetFrom} />],
        ["First in", firstBuild(firstSeenIn)],
        ["Replicas", replicas && `${replicas.growing} of ${replicas.total}`],
        [
          "Limit in",
          limit && <TimeToLimit limit={{ seconds: limit.value, lo: limit.lo, hi: limit.hi }} />,
        ],
        ["Limit", incident.limit?.bytes > 0 ? bytes(incident.limit.bytes) : null],
        ["RSS", incident.memory?.rss > 0 ? bytes(incident.memory.rss) : null],
        [
          "Build",
          target?.build && buildName({ ...target.build, vcs_revision: target.build.revision }),
        ],
        ["Opened", <Since time={incident.openedAt} />],
        ["Copy", uploadText(incident.upload) && <Upload upload={incident.upload} />],
      ]}
    />
  );
}

function Notes({ title, notes }) {
  if (!notes?.length) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </>
  );
}

export function Diagnosis({ diagnosis }) {
  if (!diagnosis?.length) return null;
  return (
    <section class="card" aria-labelledby="diagnosis-title">
      <h2 id="diagnosis-title">What it looks like</h2>
      {diagnosis.map((candidate, i) => (
        <details key={candidate.pattern} class="diagnosis" open={i === 0}>
          <summary data-nav>
            <h3>{candidate.title}</h3> <span class="dim">{candidate.strength}</span>
          </summary>
          <Notes title="For it" notes={candidate.evidence} />
          <Notes title="Against it" notes={candidate.against} />
          {candidate.fix && (
            <p class="fix">
              <b>What helps:</b> {candidate.fix}
            </p>
          )}
        </details>
      ))}
    </section>
  );
}

export function SubjectStack({ subject }) {
  if (!subject?.stack?.length) return null;
  return (
    <section class="card" aria-labelledby="stack-title">
      <h2 id="stack-title">Allocated by</h2>
      <Stack stack={subject.stack} responsible={subject.responsible} />
    </section>
  );
}

function What({ row }) {
  const frame = row.responsible ?? row;
  return (
    <>
      {row.type && (
        <>
          <TypeName type={row.type} />{" "}
        </>
      )}
      {frame.function && <FunctionName frame={frame} />} <Place frame={frame} />
    </>
  );
}

function isSeen(row) {
  return row.beforeBytes > 0 || row.afterBytes > 0;
}

// What a forced collection freed: the rest is held by something.
export function Collection({ gc }) {
  if (!gc) return null;
  const rows = gc.rows.filter(isSeen).slice(0, ROWS_SHOWN);
  return (
    <section class="card" aria-labelledby="gc-title">
      <h2 id="gc-title">Before and after a forced GC</h2>
      <p>
        <b>{bytes(gc.beforeBytes)}</b> before, <b>{bytes(gc.afterBytes)}</b> after: what is left is
        held by something.
      </p>
      <table class="plain fixed" aria-labelledby="gc-title">
        <thead>
          <tr>
            <th scope="col">Allocated in</th>
            <th scope="col" class="num">
              Before
            </th>
            <th scope="col" class="num">
              After
            </th>
            <th scope="col" class="num">
              Freed
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.site}>
              <td class="r-name">
                <What row={row} />
              </td>
              <td class="num">{bytes(row.beforeBytes)}</td>
              <td class="num">{bytes(row.afterBytes)}</td>
              <td class="num">{bytes(row.freedBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {gc.total > rows.length && <p class="dim">The largest of {gc.total.toLocaleString("en")}.</p>}
    </section>
  );
}

function File({ incident, file }) {
  const ok = (file.state ?? "ok") === "ok";
  return (
    <tr class={ok ? null : "dim"}>
      <td class="r-name">
        {ok ? (
          <a
            href={`api/v1/incidents/${encodeURIComponent(incident.id)}/files/${encodeURIComponent(file.name)}`}
            download={`${incident.id}-${file.name}`}
            data-nav
          >
            {file.name}
          </a>
        ) : (
          file.name
        )}
        {ok && isHeap(file) && (
          <a class="note" href={href("flame", {}, { profile: profileName(incident, file.name) })}>
            flame graph
          </a>
        )}
      </td>
      <td class="num">{ok ? bytes(file.bytes) : file.state}</td>
      <td class="f-why">
        {ok ? (
          <code class="dim" title={file.sha256}>
            {file.sha256?.slice(0, 16)}
          </code>
        ) : (
          file.why
        )}
      </td>
    </tr>
  );
}

export function Files({ incident }) {
  if (!incident.files?.length) return null;
  return (
    <section class="card" aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <table class="plain fixed" aria-labelledby="files-title">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="num">
              Size
            </th>
            <th scope="col" class="f-why">
              SHA-256, or why it is not there
            </th>
          </tr>
        </thead>
        <tbody>
          {incident.files.map((file) => (
            <File key={file.name} incident={incident} file={file} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
