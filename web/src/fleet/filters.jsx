// Above the fleet: search, verdicts as buttons that count, the job, and whether jobs are gathered.

import { useMemo } from "preact/hooks";

import { setQuery } from "../hash.js";
import { VERDICTS, countRows, jobNames } from "./rows.js";

function Verdicts({ counts, verdict }) {
  const offered = [...VERDICTS, "down"].filter((name) => counts[name] > 0 || name === verdict);
  return (
    <div class="choices" role="group" aria-label="Filter by verdict">
      {offered.map((name) => (
        <button
          key={name}
          type="button"
          class={`v-${name}`}
          aria-pressed={name === verdict}
          onClick={() => setQuery({ verdict: name === verdict ? "" : name })}
        >
          <b>{(counts[name] ?? 0).toLocaleString("en")}</b> {name}
        </button>
      ))}
    </div>
  );
}

function Jobs({ names, job }) {
  if (names.length < 2 && !job) return null;
  return (
    <select aria-label="Job" value={job} onChange={(e) => setQuery({ job: e.currentTarget.value })}>
      <option value="">All jobs</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name.length > 60 ? `${name.slice(0, 60)}…` : name}
        </option>
      ))}
    </select>
  );
}

export function Filters({ rows, found, query }) {
  const { q = "", verdict = "", job = "", by } = query;
  const filtered = q || verdict || job;
  const counts = useMemo(() => countRows(rows), [rows]);
  const jobs = useMemo(() => jobNames(rows), [rows]);
  return (
    <div class="bar">
      <h2 id="targets-title">
        Fleet{" "}
        <small class="dim" role="status">
          {filtered ? `${found.toLocaleString("en")} of ` : ""}
          {rows.length.toLocaleString("en")} target{rows.length === 1 ? "" : "s"}
        </small>
      </h2>
      <Verdicts counts={counts} verdict={verdict} />
      <div class="bar-end">
        <label class="check">
          <input
            type="checkbox"
            checked={by === "job"}
            onChange={(e) => setQuery({ by: e.currentTarget.checked ? "job" : "" })}
          />
          by job
        </label>
        <Jobs names={jobs} job={job} />
        <input
          type="search"
          placeholder="Search  /"
          aria-label="Search targets by job, instance, label, build, verdict"
          value={q}
          onInput={(e) => setQuery({ q: e.currentTarget.value })}
        />
      </div>
    </div>
  );
}
