// The first thing on the page: what leaks, where, how fast, since when.

import { useState } from "preact/hooks";

import { bytes, percent } from "../format.js";
import {
  Since,
  Badge,
  FunctionName,
  Growth,
  Place,
  TimeToLimit,
  TypeName,
} from "../parts/words.jsx";
import { Sparkline } from "../parts/sparkline.jsx";
import { Empty } from "../parts/states.jsx";
import { href } from "../route.js";
import { calmOf } from "./answers.js";

const SHOWN = 8;

function What({ answer }) {
  const { type, kind, frame } = answer;
  return (
    <div class="a-what">
      <div class="a-name">
        {type ? (
          <TypeName type={type} />
        ) : frame ? (
          <FunctionName frame={frame} />
        ) : (
          <b>The whole heap</b>
        )}
        {type && kind && <span class="dim">{kind}</span>}
        {!type && frame && <Place frame={frame} />}
      </div>
      {type && frame && (
        <div class="a-where">
          <span class="dim">allocated in </span>
          <FunctionName frame={frame} /> <Place frame={frame} />
        </div>
      )}
      {!frame && <div class="dim">spread over many places: no single one explains it</div>}
    </div>
  );
}

function Who({ answer }) {
  const { job, instance, replicas } = answer;
  return (
    <div class="a-who">
      <bdi class="job" title={job}>
        {job}
      </bdi>
      {replicas.of > 1 ? (
        <span class="dim">
          {replicas.with} of {replicas.of} replicas
        </span>
      ) : (
        <bdi class="dim" title={instance}>
          {instance}
        </bdi>
      )}
      <bdi class="dim">{answer.firstBuild ? `first in ${answer.firstBuild}` : answer.build}</bdi>
    </div>
  );
}

function Why({ answer }) {
  const { kept, since, recurring, provisional } = answer;
  return (
    <div class="a-why">
      <div>
        since <Since time={since} />
      </div>
      <div class="dim">
        {kept == null ? "allocates nothing now" : `${percent(kept)} is never freed`}
        {recurring && <span title="it leaked before the last restart, too"> · recurring</span>}
        {provisional && (
          <span title="so fast that it is told before it was watched for long"> · provisional</span>
        )}
      </div>
    </div>
  );
}

function linkOf({ target, row }) {
  return row
    ? href("row", { id: target, kind: row.kind, row: row.id })
    : href("target", { id: target });
}

function Answer({ answer }) {
  return (
    <li class={`answer v-${answer.verdict}`}>
      <a href={linkOf(answer)} data-nav>
        <Badge verdict={answer.verdict} />
        <What answer={answer} />
        <Who answer={answer} />
        <div class="a-rate">
          <Growth rate={answer.rate} />
          <div class="dim">{bytes(answer.inuse)} in use</div>
        </div>
        <div class="a-limit">
          {answer.limit?.seconds != null && (
            <>
              limit in <TimeToLimit limit={answer.limit} />
            </>
          )}
        </div>
        <Why answer={answer} />
        <Sparkline values={answer.spark} />
      </a>
    </li>
  );
}

// more: suspects that the daemon knows beyond those it listed.
export function Answers({ answers, rows, more }) {
  const [all, setAll] = useState(false);
  if (answers.length === 0) {
    const { title, text } = calmOf(rows);
    return <Empty title={title}>{text}</Empty>;
  }
  const shown = all ? answers : answers.slice(0, SHOWN);
  return (
    <>
      <ol class="answers">
        {shown.map((answer) => (
          <Answer key={answer.key} answer={answer} />
        ))}
      </ol>
      {shown.length < answers.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show {answers.length - shown.length} more
        </button>
      )}
      {more > 0 && (all || shown.length === answers.length) && (
        <p class="dim">… and {more.toLocaleString("en")} more that grow less.</p>
      )}
    </>
  );
}
