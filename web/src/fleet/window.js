// Virtual rows: which of a long list are in the page follows its scrolling.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";

import { visibleSlice } from "./slice.js";

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
