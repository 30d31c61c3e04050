// The shell: header, the view that the address names, keyboard.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { FlameView, TargetFlameView } from "./flame/view.jsx";
import { FleetView } from "./fleet/view.jsx";
import { IncidentView } from "./incidents/incident.jsx";
import { IncidentsView } from "./incidents/list.jsx";
import { Header } from "./parts/header.jsx";
import { Help } from "./parts/help.jsx";
import { Empty } from "./parts/states.jsx";
import { useRoute } from "./hash.js";
import { listen } from "./keys.js";
import { useConnection } from "./live.js";
import { applyTheme } from "./theme.js";
import { RowView } from "./target/row.jsx";
import { TargetView } from "./target/view.jsx";
import "uplot/dist/uPlot.min.css";
import "./app.css";

const VIEWS = {
  fleet: FleetView,
  target: TargetView,
  row: RowView,
  targetFlame: TargetFlameView,
  incidents: IncidentsView,
  incident: IncidentView,
  flame: FlameView,
};

function Unknown() {
  return (
    <Empty title="There is no such page.">
      <a href="#/">To the fleet</a>
    </Empty>
  );
}

function App() {
  const { view, params, query } = useRoute();
  const { failure } = useConnection();
  const [help, setHelp] = useState(false);
  const main = useRef(null);
  useEffect(() => listen({ help: () => setHelp(true) }), []);
  const View = VIEWS[view] ?? Unknown;
  const place = [view, ...Object.values(params)].join("/");
  // As after loading a page: at the top, and a screen reader begins to read there.
  useEffect(() => {
    window.scrollTo(0, 0);
    main.current.focus({ preventScroll: true });
  }, [place]);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current.focus())}>
        To the content
      </a>
      <Header view={view} onHelp={() => setHelp(true)} />
      <main ref={main} id="main" tabIndex={-1} class={failure ? "stale" : null}>
        <View key={place} {...params} query={query} />
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

applyTheme();
render(<App />, document.getElementById("app"));
