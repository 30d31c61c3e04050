// Of a long list only what the window shows, and a little above and below, is in the page. Pure
// functions.

const OVERSCAN_ROWS = 12;

// The slice of `count` rows of `height` pixels, the first of which is `top` pixels below the upper edge
// of a window `view` pixels high (negative: scrolled past).
export function visibleSlice({ count, height, top, view }) {
  const first = Math.max(0, Math.floor(-top / height) - OVERSCAN_ROWS);
  const last = Math.min(count, Math.ceil((view - top) / height) + OVERSCAN_ROWS);
  return { first: Math.min(first, count), last: Math.max(last, Math.min(first, count)) };
}
