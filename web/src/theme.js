// Light, dark, or as the system has it; and the colours as a canvas needs them.

const KEY = "leakwatchd-theme";
const NEXT = { system: "dark", dark: "light", light: "system" };

export function theme() {
  try {
    return NEXT[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
  window.dispatchEvent(new Event("themechange"));
}

export function turnTheme() {
  try {
    localStorage.setItem(KEY, NEXT[theme()]);
  } catch {
    return;
  }
  applyTheme();
}

export function isDark() {
  const chosen = theme();
  return chosen === "system"
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : chosen === "dark";
}

// Calls back when the colours change; returns what ends that.
export function onTheme(callback) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", callback);
  window.addEventListener("themechange", callback);
  return () => {
    dark.removeEventListener("change", callback);
    window.removeEventListener("themechange", callback);
  };
}

// The colours of custom properties, as the theme of the day has them: colours(["--leak"]).
export function colours(names) {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return found;
}
