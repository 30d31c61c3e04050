// A call stack, the allocating frame first.

import { place } from "../format.js";

export function Stack({ stack, responsible }) {
  const isMarked = (frame) =>
    responsible && frame.function === responsible.function && frame.line === responsible.line;
  return (
    <ol class="stack">
      {stack.map((frame, i) => (
        <li key={i} class={isMarked(frame) ? "responsible" : null}>
          <bdi>{frame.function}</bdi>
          {isMarked(frame) && <span class="note">responsible</span>}
          <bdi class="dim">{place(frame, true)}</bdi>
        </li>
      ))}
    </ol>
  );
}
