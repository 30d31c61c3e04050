// The keys, in a dialog.

import { useEffect, useRef } from "preact/hooks";

const KEYS = [
  ["j  k", "next, previous line"],
  ["Enter", "open it"],
  ["Esc", "leave the search; up one view"],
  ["/", "search"],
  ["g  i", "fleet, incidents"],
  ["← → ↑ ↓", "walk through a flame graph"],
  ["?", "this"],
];

export function Help({ onClose }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <h2 id="help-title">Keyboard</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split("  ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>Raw</h2>
      <p>
        <a href="metrics">Metrics</a> · <a href="api/v1/suspects">Suspects</a> ·{" "}
        <a href="api/v1/targets">Targets</a> · <a href="api/v1/status/config">Configuration</a>
      </p>
      <form method="dialog">
        <button class="plain-button" autofocus>
          Close
        </button>
      </form>
    </dialog>
  );
}
