// The fleet, one line per job and target.

import { Component } from "preact";
import { useRef } from "preact/hooks";

import { bytes } from "../format.js";
import { Ago, Badge, Growth, Health, TimeToLimit } from "../parts/words.jsx";
import { Sparkline } from "../parts/sparkline.jsx";
import { href } from "../route.js";
import { usualOrder } from "./rows.js";
import { useWindow } from "./window.js";

const COLUMNS = [
  { name: "State", kind: "state" },
  { name: "Job and instance", kind: "name", sort: "job" },
  { name: "Verdict", kind: "verdict", sort: "verdict" },
  { name: "In use", kind: "inuse num", sort: "inuse" },
  { name: "Over time", kind: "spark" },
  { name: "Growth", kind: "growth num", sort: "growth" },
  { name: "Limit in", kind: "limit num", sort: "limit" },
  { name: "Build", kind: "build", sort: "build" },
  { name: "Last scrape", kind: "scrape", sort: "scrape" },
];

function Header({ column, sort, order, onSort }) {
  if (!column.sort) {
    return (
      <th scope="col" role="columnheader" class={`c-${column.kind}`}>
        {column.name}
      </th>
    );
  }
  const sorted = column.sort === sort;
  const turned = sorted && order === usualOrder(sort) ? (order === "asc" ? "desc" : "asc") : "";
  return (
    <th
      scope="col"
      role="columnheader"
      class={`c-${column.kind}`}
      aria-sort={sorted ? (order === "asc" ? "ascending" : "descending") : null}
    >
      <button type="button" onClick={() => onSort({ sort: column.sort, order: turned })}>
        {column.name}
      </button>
    </th>
  );
}

function Cells({ line, state, name, verdict, build, scrape }) {
  return (
    <>
      <td role="cell" class="c-state">
        {state}
      </td>
      <td role="cell" class="c-name">
        {name}
      </td>
      <td role="cell" class="c-verdict">
        <Badge verdict={line.verdict} /> <span class="dim">{verdict}</span>
      </td>
      <td role="cell" class="c-inuse num">
        {bytes(line.inuse)}
      </td>
      <td role="cell" class="c-spark">
        <Sparkline values={line.spark} />
      </td>
      <td role="cell" class="c-growth num">
        <Growth rate={line.rate} />
      </td>
      <td role="cell" class="c-limit num">
        <TimeToLimit limit={line.limit} />
      </td>
      <td role="cell" class="c-build">
        {build}
      </td>
      <td role="cell" class="c-scrape">
        {scrape}
      </td>
    </>
  );
}

// Drawn anew only when its row is: scrolling moves the window over many that stay as they are.
class TargetLine extends Component {
  shouldComponentUpdate({ row, index, inJob }) {
    const now = this.props;
    return row !== now.row || index !== now.index || inJob !== now.inJob;
  }
  render({ row, index, inJob }) {
    return <TargetCells row={row} index={index} inJob={inJob} />;
  }
}

function TargetCells({ row, index, inJob }) {
  return (
    <tr role="row" class={`line v-${row.verdict}${inJob ? " in-job" : ""}`} aria-rowindex={index}>
      <Cells
        line={row}
        state={<Health health={row.health} />}
        name={
          <a href={href("target", { id: row.id })} data-nav>
            {!inJob && (
              <bdi class="job" title={row.job}>
                {row.job}
              </bdi>
            )}
            <bdi class="instance" title={row.instance}>
              {row.instance}
            </bdi>
          </a>
        }
        verdict={row.suspects > 1 && `${row.suspects} suspects`}
        build={<bdi title={row.build}>{row.build}</bdi>}
        scrape={
          row.health === "down" ? (
            <bdi class="bad" title={row.lastError}>
              {row.cause}
            </bdi>
          ) : (
            <Ago time={row.lastScrape} />
          )
        }
      />
    </tr>
  );
}

function JobLine({ line, index, open, onToggle }) {
  return (
    <tr role="row" class={`line job-line v-${line.verdict}`} aria-rowindex={index}>
      <Cells
        line={line}
        state={
          <span class={`health h-${line.up < line.targets ? "down" : "up"}`}>
            {line.up}/{line.targets} up
          </span>
        }
        name={
          <button type="button" aria-expanded={open} data-nav onClick={() => onToggle(line.job)}>
            <bdi class="job" title={line.job}>
              {line.job}
            </bdi>
          </button>
        }
        verdict={line.targets > 1 && `${line.alike} of ${line.targets}`}
        build={
          line.builds > 1 ? `${line.builds} builds` : <bdi title={line.build}>{line.build}</bdi>
        }
      />
    </tr>
  );
}

// A stand-in for the rows that are not in the page.
function Gap({ rows, height }) {
  if (rows <= 0) return null;
  return (
    <tr class="gap" aria-hidden="true">
      <td style={{ height: `${rows * height}px` }} colSpan={COLUMNS.length} />
    </tr>
  );
}

// lines as of jobLines() or plain rows; height of each in pixels.
export function FleetTable({ lines, open, onToggle, height, sort, order, onSort }) {
  const body = useRef(null);
  const { first, last } = useWindow(body, lines.length, height);
  return (
    <table class="fleet" role="table" aria-rowcount={lines.length + 1} aria-label="Fleet">
      <thead>
        <tr role="row" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <Header key={column.kind} column={column} sort={sort} order={order} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Gap rows={first} height={height} />
        {lines
          .slice(first, last)
          .map((line, i) =>
            line.isJob ? (
              <JobLine
                key={line.id}
                line={line}
                index={first + i + 2}
                open={open.has(line.job)}
                onToggle={onToggle}
              />
            ) : (
              <TargetLine key={line.id} row={line} index={first + i + 2} inJob={open !== null} />
            ),
          )}
        <Gap rows={lines.length - last} height={height} />
      </tbody>
    </table>
  );
}
