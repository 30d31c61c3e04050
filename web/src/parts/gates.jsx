// Why a verdict is what it is: each gate on the way to "leak", with its figure and limit.

import { UNKNOWN, gateFigure, resolution } from "../format.js";

function outcome(gate) {
  if (!gate.judged) return { mark: "·", word: "not judged", kind: "unjudged" };
  return gate.passed
    ? { mark: "✓", word: "passed", kind: "passed" }
    : { mark: "✗", word: "not passed", kind: "stopped" };
}

function Gate({ gate }) {
  const { mark, word, kind } = outcome(gate);
  return (
    <tr class={kind}>
      <td class="mark" title={word}>
        <span aria-hidden="true">{mark}</span>
        <span class="unseen">{word}</span>
      </td>
      <td>{gate.text}</td>
      <td class="num">{gate.judged ? gateFigure(gate.gate, gate.value) : UNKNOWN}</td>
      <td class="num dim">
        {gate.judged &&
          `${gate.comparison === "<=" ? "≤" : "≥"} ${gateFigure(gate.gate, gate.limit)}`}
      </td>
    </tr>
  );
}

function Resolvable({ series }) {
  const text = resolution(series);
  return text && <p class="resolvable">{text}</p>;
}

// series: the verdict's members, whose verdict is `verdict` unless that is of something worse in it.
export function Gates({ gates, verdict, series }) {
  if (!gates?.length) return null;
  return (
    <section class="card">
      <h2>{verdict === "leak" ? "Why this is a leak" : "Why this is not called a leak"}</h2>
      {series && <Resolvable series={series} />}
      <table class="plain gates">
        <caption>A leak is what passes all of these.</caption>
        <thead>
          <tr>
            <th scope="col" class="mark">
              <span class="unseen">Result</span>
            </th>
            <th scope="col">Gate</th>
            <th scope="col" class="num">
              Value
            </th>
            <th scope="col" class="num">
              Needed
            </th>
          </tr>
        </thead>
        <tbody>
          {gates.map((gate) => (
            <Gate key={gate.gate} gate={gate} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
