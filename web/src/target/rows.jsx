// What a target allocates, by type or by site.

import { bytes, duration, place, resolution } from "../format.js";
import { useLive } from "../live.js";
import { Badge, FunctionName, Growth, Kept, NotFollowed, TypeName } from "../parts/words.jsx";
import { Empty, Live } from "../parts/states.jsx";
import { frameOf } from "../fleet/answers.js";
import { rateOf } from "../fleet/rows.js";
import { href } from "../route.js";
import { setQuery } from "../hash.js";
import { fold, inOrder } from "./order.js";

const ROWS_ASKED = 200;
const COLUMNS = [
  { sort: "growth", name: "Growth" },
  { sort: "inuse", name: "In use" },
  { sort: "alloc", name: "Allocated" },
  { sort: "retention", name: "Kept", title: "share of what it allocates that is never freed" },
];

function Site({ site }) {
  const frame = frameOf(site);
  return (
    <>
      <FunctionName frame={frame} />
      <bdi class="dim code" title={place(frame, true)}>
        {place(frame)}
      </bdi>
      {site.type && <TypeName type={site.type} />}
    </>
  );
}

function Type({ type }) {
  return (
    <>
      <TypeName type={type.type ?? "not known"} />
      <span class="dim">
        {type.kind}, {type.sites} site{type.sites === 1 ? "" : "s"}
      </span>
    </>
  );
}

function Row({ target, kind, row }) {
  return (
    <tr class={`line v-${row.verdict}`}>
      <td class="r-name">
        <a href={href("row", { id: target, kind, row: row.id })} data-nav>
          {kind === "type" ? <Type type={row} /> : <Site site={row} />}
        </a>
        {row.verdict === "unresolvable" && <small class="dim below">{resolution(row)}</small>}
      </td>
      <td class="r-verdict">{row.followed ? <Badge verdict={row.verdict} /> : <NotFollowed />}</td>
      <td class="num r-growth">
        <Growth rate={rateOf(row)} />
      </td>
      <td class="num r-inuse">
        {bytes(row.inuse_bytes)}
        <small class="dim"> {row.inuse_objects.toLocaleString("en")}</small>
      </td>
      <td class="num r-alloc">{bytes(row.alloc_bytes)}</td>
      <td class="num r-kept">
        <Kept share={row.retention_ratio} />
        {row.mean_age_seconds != null && (
          <small class="dim below" title="how long what is in use lives on average">
            {duration(row.mean_age_seconds)}
          </small>
        )}
      </td>
    </tr>
  );
}

function Head({ kind, sort }) {
  return (
    <thead>
      <tr>
        <th scope="col">{kind === "type" ? "Type" : "Allocated in"}</th>
        <th scope="col" class="r-verdict">
          Verdict
        </th>
        {COLUMNS.map((column) => (
          <th
            key={column.sort}
            scope="col"
            class={`num r-${column.sort === "retention" ? "kept" : column.sort}`}
            title={column.title}
            aria-sort={column.sort === sort ? "descending" : null}
          >
            <button type="button" onClick={() => setQuery({ sort: column.sort })}>
              {column.name}
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Table({ target, kind, rows, rest, sort }) {
  const { shown, other } = fold(rows, rest, sort);
  if (shown.length === 0 && other.sites === 0)
    return <Empty title="Nothing was seen in its heap yet." />;
  return (
    <table class="rows" aria-label={kind === "type" ? "Types" : "Allocation sites"}>
      <Head kind={kind} sort={sort} />
      <tbody>
        {inOrder(shown, sort).map((row) => (
          <Row key={row.id} target={target} kind={kind} row={row} />
        ))}
        {other.sites > 0 && (
          <tr class="dim">
            <td>
              {other.sites.toLocaleString("en")} other site{other.sites === 1 ? "" : "s"}
            </td>
            <td class="r-verdict" />
            <td class="r-growth" />
            <td class="num r-inuse">{bytes(other.inuse_bytes)}</td>
            <td class="num r-alloc">{bytes(other.alloc_bytes)}</td>
            <td class="r-kept" />
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Choice({ kind }) {
  return (
    <div class="choices" role="group" aria-label="Gathered by">
      {["type", "site"].map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={kind === name}
          onClick={() => setQuery({ by: name })}
        >
          by {name}
        </button>
      ))}
    </div>
  );
}

export function Rows({ target, build, buildError, query }) {
  const sort = query.sort ?? "growth";
  const kind = query.by ?? (build ? "type" : "site");
  const asked = sort === "retention" ? "growth" : sort;
  const answer = useLive(`targets/${target}/${kind}s?sort=${asked}&limit=${ROWS_ASKED}`);
  return (
    <section aria-labelledby="rows-title">
      <div class="bar">
        <h2 id="rows-title">What it allocates</h2>
        <Choice kind={kind} />
      </div>
      {kind === "type" && !build ? (
        <Empty title="The types are not known.">
          <bdi>{buildError || "The binary was not looked at yet."}</bdi>
        </Empty>
      ) : (
        <Live answer={answer} what={`${kind}s`}>
          {(data) => (
            <Table
              target={target}
              kind={kind}
              rows={data[`${kind}s`]}
              rest={data.other}
              sort={sort}
            />
          )}
        </Live>
      )}
    </section>
  );
}
