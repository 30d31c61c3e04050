// The address bar: the view it names, and small changes to its query that need no step in the history.

import { useEffect, useState } from "preact/hooks";

import { href, parseRoute } from "./route.js";

export function useRoute() {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash));
    window.addEventListener("hashchange", update);
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return route;
}

export function setQuery(changes) {
  const { view, params, query } = parseRoute(location.hash);
  history.replaceState(history.state, "", href(view, params, { ...query, ...changes }));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
