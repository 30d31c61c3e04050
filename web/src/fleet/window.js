// Virtual rows: which of a long list are in the page follows its scrolling.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { visibleSlice } from "./slice.js";

const FIRST_ROWS = 10; // drawn before it is known how many the window shows

// The slice for a list in the element of ref, by the scrolling of the whole page.
export function useWindow(ref, count, height) {
  const [slice, setSlice] = useState({ first: 0, last: FIRST_ROWS });
  const isDrawn = useRef(false);
  function measure() {
    if (!ref.current) return;
    const { top } = ref.current.getBoundingClientRect();
    const next = visibleSlice({ count, height, top, view: window.innerHeight });
    setSlice((now) => (now.first === next.first && now.last === next.last ? now : next));
  }
  // Where rows are drawn already, what is shown must not flicker when there are fewer or more of them. The
  // first ones are on the page before the browser is made to lay them out.
  useLayoutEffect(() => {
    if (isDrawn.current) measure();
  }, [count, height]);
  useEffect(() => {
    if (!isDrawn.current) measure();
    isDrawn.current = true;
    window.addEventListener("scroll", measure, { passive: true });
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure);
      window.removeEventListener("resize", measure);
    };
  }, [count, height]);
  return { first: Math.min(slice.first, count), last: Math.min(slice.last, count) };
}
