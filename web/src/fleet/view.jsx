// The fleet: the answer first, then everything that is watched.

import { useEffect, useMemo, useState } from "preact/hooks";

import { useLive, useLoaded } from "../live.js";
import { Live, Loading } from "../parts/states.jsx";
import { useMedia } from "../parts/media.js";
import { setQuery } from "../hash.js";
import { Answers } from "./answers.jsx";
import { answersOf } from "./answers.js";
import { Filters } from "./filters.jsx";
import { filterRows, jobLines, sortRows, usualOrder } from "./rows.js";
import { loadFleet, restOfFleet } from "./source.js";
import { FleetTable } from "./table.jsx";

// As app.css lays the rows out.
const ROW_PX = 37;
const NARROW_ROW_PX = 84;
export const NARROW = "(max-width: 50rem)";

function useJobs() {
  const [open, setOpen] = useState(new Set());
  function toggle(job) {
    const next = new Set(open);
    if (!next.delete(job)) next.add(job);
    setOpen(next);
  }
  return [open, toggle];
}

function Targets({ rows, query }) {
  const narrow = useMedia(NARROW);
  const [open, toggle] = useJobs();
  const { q, verdict, job, sort = "verdict", by } = query;
  const order = query.order || usualOrder(sort);
  const found = useMemo(
    () => sortRows(filterRows(rows, { q, verdict, job }), sort, order),
    [rows, q, verdict, job, sort, order],
  );
  const lines = useMemo(() => (by === "job" ? jobLines(found, open) : found), [found, by, open]);
  return (
    <section aria-labelledby="targets-title">
      <Filters rows={rows} found={found.length} query={query} />
      {lines.length > 0 ? (
        <FleetTable
          lines={lines}
          open={by === "job" ? open : null}
          onToggle={toggle}
          height={narrow ? NARROW_ROW_PX : ROW_PX}
          sort={sort}
          order={order}
          onSort={setQuery}
        />
      ) : (
        rows.length > 0 && <p class="state dim">No target matches.</p>
      )}
    </section>
  );
}

// When what one came for was there, for those who measure (tests/e2e).
function useShownMark(shown) {
  useEffect(() => {
    if (shown) requestAnimationFrame(() => performance.mark("fleet-shown"));
  }, [shown]);
}

// The tab says how many leaks there are, to those who look elsewhere.
function useTitle(leaks) {
  useEffect(() => {
    document.title = leaks > 0 ? `(${leaks}) leakwatchd` : "leakwatchd";
  }, [leaks]);
}

export function FleetView({ query }) {
  const fleet = useLoaded("fleet", loadFleet, undefined, restOfFleet);
  const suspected = useLive("suspects?verdict=any");
  const rows = fleet.data;
  const answers = useMemo(
    () => (suspected.data ? answersOf(suspected.data.suspects, rows ?? []) : []),
    [suspected.data, rows],
  );
  useShownMark(Boolean(suspected.data && rows));
  useTitle(answers.filter(({ verdict }) => verdict === "leak").length);
  return (
    <>
      <section aria-labelledby="answers-title">
        <h1 id="answers-title">What leaks</h1>
        <Live answer={suspected} what="suspects">
          {({ suspects, count = suspects.length }) =>
            answers.length === 0 && !rows ? (
              <Loading what="targets" />
            ) : (
              <Answers answers={answers} rows={rows ?? []} more={count - suspects.length} />
            )
          }
        </Live>
      </section>
      <Live answer={fleet} what="targets">
        {() => <Targets rows={rows} query={query} />}
      </Live>
    </>
  );
}
