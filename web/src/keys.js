// The keyboard. What can be walked through with j and k carries data-nav, in the order of the page.

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, dialog") != null;
}

export function walk(step) {
  const stops = [...document.querySelectorAll("[data-nav]")];
  if (stops.length === 0) return;
  const at = stops.indexOf(document.activeElement);
  const to = at < 0 ? (step > 0 ? 0 : stops.length - 1) : at + step;
  const stop = stops[Math.min(Math.max(to, 0), stops.length - 1)];
  stop.focus({ preventScroll: true });
  stop.scrollIntoView({ block: "nearest" });
}

function search() {
  const field = document.querySelector("input[type=search]");
  field?.focus();
  field?.select();
}

// Out of the search first, then up one view.
function escape(event) {
  if (event.target.matches?.("input[type=search]")) event.target.blur();
  else document.querySelector("[data-up]")?.click();
}

// actions: { help() }. Returns what takes the keyboard back.
export function listen({ help }) {
  const commands = {
    j: () => walk(1),
    k: () => walk(-1),
    "/": search,
    "?": help,
    g: () => (location.hash = "#/"),
    i: () => (location.hash = "#/incidents"),
  };
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      escape(event);
      return;
    }
    const command = commands[event.key];
    if (!command || isTyping(event.target)) return;
    event.preventDefault();
    command();
  }
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
