// Virtual rows: of a long list only what the window shows, and a little above and below, is in the page.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";

const OVERSCAN_ROWS = 12;

// The slice of `count` rows of `height` pixels, the first of which is `top` pixels below the upper edge
// of a window `view` pixels high (negative: scrolled past).
export function visibleSlice({ count, height, top, view }) {
  const first = Math.max(0, Math.floor(-top / height) - OVERSCAN_ROWS);
  const last = Math.min(count, Math.ceil((view - top) / height) + OVERSCAN_ROWS);
  return { first: Math.min(first, count), last: Math.max(last, Math.min(first, count)) };
}

// The slice for a list in the element of ref, by the scrolling of the whole page.
export function useWindow(ref, count, height) {
  const [slice, setSlice] = useState({ first: 0, last: Math.min(count, 40) });
  function measure() {
    if (!ref.current) return;
    const { top } = ref.current.getBoundingClientRect();
    const next = visibleSlice({ count, height, top, view: window.innerHeight });
    setSlice((now) => (now.first === next.first && now.last === next.last ? now : next));
  }
  useLayoutEffect(measure, [count, height]);
  useEffect(() => {
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [count, height]);
  return { first: Math.min(slice.first, count), last: Math.min(slice.last, count) };
}
