// Words and figures as every view writes them.

import {
  UNKNOWN,
  absolute,
  ago,
  bytes,
  clock,
  duration,
  growth,
  percent,
  place,
  shortFunction,
} from "../format.js";
import { useNow } from "../live.js";

export function Badge({ verdict }) {
  return <span class={`badge v-${verdict ?? "unknown"}`}>{verdict ?? "no data"}</span>;
}

export function Health({ health }) {
  return <span class={`health h-${health}`}>{health}</span>;
}

// "5 min ago", the moment itself on hover.
export function Ago({ time }) {
  const now = useNow();
  const known = Date.parse(time) > 0; // Prometheus writes Go's zero time for "never"
  if (!known) return UNKNOWN;
  return (
    <time dateTime={time} title={absolute(time)}>
      {ago(time, now)}
    </time>
  );
}

// "21:14 UTC, 5 h 12 min ago".
export function Since({ time }) {
  if (!(Date.parse(time) > 0)) return UNKNOWN;
  return (
    <>
      {clock(time)}, <Ago time={time} />
    </>
  );
}

// rate: { value, lo, hi } in bytes per second.
export function Growth({ rate }) {
  const { value, error } = growth(rate?.value ?? null, rate?.lo ?? null, rate?.hi ?? null);
  return (
    <span class="rate" title={error ? "with its 95 % interval" : null}>
      {value}
      {error && <span class="error"> {error}</span>}
    </span>
  );
}

// Names come from the targets: bdi keeps what is written from right to left from turning its neighbours.
export function FunctionName({ frame, full = false }) {
  return (
    <bdi class="code" title={frame.function}>
      {full ? frame.function : shortFunction(frame.function)}
    </bdi>
  );
}

export function Place({ frame }) {
  return (
    <bdi class="code dim" title={place(frame, true)}>
      {place(frame)}
    </bdi>
  );
}

export function TypeName({ type }) {
  return (
    <bdi class="code type" title={type}>
      {type}
    </bdi>
  );
}

export function TimeToLimit({ limit }) {
  if (limit?.seconds == null) return <span class="dim">{UNKNOWN}</span>;
  const range =
    limit.lo != null && limit.hi != null
      ? `between ${duration(limit.lo)} and ${duration(limit.hi)} at this rate`
      : null;
  return (
    <span class={limit.seconds < 6 * 3600 ? "soon" : ""} title={range}>
      {duration(limit.seconds)}
    </span>
  );
}

export function Kept({ share }) {
  return share == null ? UNKNOWN : percent(share);
}

export function Bytes({ value }) {
  return bytes(value);
}

// A list of label and value, side by side; facts whose value is null are left out.
export function Facts({ facts }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value != null && value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function NotFollowed() {
  return (
    <span class="dim" title="too small to be followed over time">
      not followed
    </span>
  );
}
