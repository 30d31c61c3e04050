// Evidence now: asks the daemon to capture, and says what came of it.

import { useState } from "preact/hooks";

import { isAbsent, post } from "../api.js";
import { href } from "../route.js";
import { useLive } from "../live.js";

function Outcome({ outcome }) {
  if (!outcome) return null;
  if (outcome.incident) {
    return (
      <a href={href("incident", { id: outcome.incident })} role="status">
        Capturing: see the incident
      </a>
    );
  }
  return (
    <span class="bad" role="alert">
      {outcome.error}
    </span>
  );
}

export function Capture({ target }) {
  const why = useLive(`targets/${target}/why`, 15_000);
  const [outcome, setOutcome] = useState(null);
  const [busy, setBusy] = useState(false);
  if (!why.data?.capture) return null;
  const { rules = [] } = why.data.capture;
  const allowed = why.data.capture.allowedFor.api;
  const refusing = allowed
    ? null
    : rules.find(({ rule, passed }) => passed === false && rule !== "muted"); // not for a person
  async function capture() {
    setBusy(true);
    try {
      setOutcome(await post(`targets/${target}/capture`, { reason: "asked for on the page" }));
    } catch (error) {
      setOutcome({ error: isAbsent(error) ? "This leakwatchd cannot capture." : error.message });
    }
    setBusy(false);
    why.refresh();
  }
  return (
    <span class="capture">
      <button
        type="button"
        class="plain-button"
        disabled={busy || !allowed}
        aria-describedby={refusing ? "capture-refused" : null}
        onClick={capture}
      >
        {busy ? "Asking …" : "Capture evidence"}
      </button>
      <Outcome outcome={outcome} />
      {refusing && !outcome && (
        <small class="dim" id="capture-refused">
          {refusing.text}
        </small>
      )}
    </span>
  );
}
