// The bar on top: where one is, whether what one sees is fresh.

import { useState } from "preact/hooks";

import { absolute } from "../format.js";
import { useConnection, useLive } from "../live.js";
import { theme, turnTheme } from "../theme.js";

const HOUR_MS = 3_600_000;

function Status() {
  const { answeredAt, failure } = useConnection();
  if (!failure) {
    return (
      <p class="status" role="status">
        {answeredAt ? "live" : "connecting …"}
      </p>
    );
  }
  return (
    <p class="status lost" role="alert">
      leakwatchd does not answer: {failure}.{" "}
      {answeredAt && `What you see is of ${absolute(answeredAt)}.`} Trying again …
    </p>
  );
}

function Theme() {
  const [now, setNow] = useState(theme());
  function turn() {
    turnTheme();
    setNow(theme());
  }
  const marks = { system: "◐", dark: "●", light: "○" };
  return (
    <button
      type="button"
      class="icon"
      onClick={turn}
      aria-label={`Colours: ${now}`}
      title={`Colours: ${now}`}
    >
      {marks[now]}
    </button>
  );
}

export function Header({ view, onHelp }) {
  const build = useLive("status/buildinfo", HOUR_MS);
  const incidents = useLive("incidents?state=any&limit=1", 15_000);
  const at = (names) => (names.includes(view) ? "page" : null);
  return (
    <header class="top">
      <a class="brand" href="#/">
        <img src="favicon.svg" alt="" width="20" height="20" />
        leakwatchd
        {build.data && (
          <small title={`revision ${build.data.revision}`}>{build.data.version}</small>
        )}
      </a>
      <nav aria-label="Views">
        <a href="#/" aria-current={at(["fleet", "target", "row", "targetFlame"])}>
          Fleet
        </a>
        {!incidents.absent && (
          <a href="#/incidents" aria-current={at(["incidents", "incident"])}>
            Incidents
            {incidents.data?.total > 0 && <span class="count">{incidents.data.total}</span>}
          </a>
        )}
      </nav>
      <Status />
      <Theme />
      <button
        type="button"
        class="icon"
        onClick={onHelp}
        aria-label="Keyboard"
        title="Keyboard (?)"
      >
        ?
      </button>
    </header>
  );
}
