// Names come from the targets. Characters that turn the direction of writing let one name look like
// another ("gpj.exe" like "exe.jpg"), so they are shown for what they are. Pure functions.

const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MAY_TURN = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\\u(?:061c|20[026])/i;

function named(character) {
  return `\u27e8U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
}

export function visible(text) {
  return text.replace(TURNING, named);
}

// JSON.parse, with such characters made visible. Hardly any answer has one, and a look at its text is
// quicker than one at each of its strings.
export function parseVisible(json) {
  if (!MAY_TURN.test(json)) return JSON.parse(json);
  return JSON.parse(json, (_, value) => (typeof value === "string" ? visible(value) : value));
}
