// The flame graph: a canvas one can point at, walk through and zoom into, and beside it the same as a
// table, which also is what a screen reader reads.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { bytes, percent } from "../format.js";
import { colours, isDark, onTheme } from "../theme.js";
import {
  boxAt,
  boxesOf,
  isWithin,
  matchedValue,
  matcher,
  neighbour,
  rooted,
  topOf,
} from "./layout.js";
import { ROW_PX, paint } from "./paint.js";

const TOP_ROWS = 40;
const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

export function figure(value, unit) {
  return unit === "bytes" ? bytes(value) : value.toLocaleString("en");
}

function signed(value, unit) {
  const text = figure(Math.abs(value), unit);
  return value === 0 ? "±0" : `${value > 0 ? "+" : "\u2212"}${text}`;
}

function useWidth(ref) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = ref.current;
    setWidth(node.clientWidth);
    const observer = new ResizeObserver(() => setWidth(node.clientWidth));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return width;
}

function useThemeCount() {
  const [count, setCount] = useState(0);
  useEffect(() => onTheme(() => setCount((before) => before + 1)), []);
  return count;
}

// ---- what is said of the box one points at ----

function Readout({ node, root, unit, matched }) {
  const of = (value) => (root.value > 0 ? percent(value / root.value) : "");
  return (
    <p class="readout" aria-live="polite">
      <bdi class="code">{node.name}</bdi>{" "}
      <b>
        {figure(node.value, unit)} {unit === "bytes" ? "" : unit}
      </b>{" "}
      <span class="dim">
        {of(node.value)}
        {node.delta !== null && `, ${signed(node.delta, unit)}`}
        {node.self > 0 && node.children.length > 0 && `, ${figure(node.self, unit)} itself`}
        {matched !== null && ` · found ${figure(matched, unit)}, ${of(matched)}`}
      </span>
    </p>
  );
}

// ---- the graph ----

function Canvas({ root, isDiff, matches, focus, setFocus, current, setCurrent }) {
  const host = useRef(null);
  const canvas = useRef(null);
  const width = useWidth(host);
  const themes = useThemeCount();
  const boxes = useMemo(() => (width > 0 ? boxesOf(focus, width) : []), [focus, width]);
  useLayoutEffect(() => {
    if (boxes.length === 0) return;
    const palette = colours(["text", "dim"]);
    paint(canvas.current, boxes, width, { isDiff, matches, current, palette, dark: isDark() });
  }, [boxes, isDiff, matches, current, themes]);

  function nodeUnder(event) {
    const { left, top } = canvas.current.getBoundingClientRect();
    const depth = Math.floor((event.clientY - top) / ROW_PX);
    return boxAt(boxes, event.clientX - left, depth)?.node ?? null;
  }

  function onKey(event) {
    const at = current ?? focus;
    if (ARROWS.includes(event.key)) {
      const next = neighbour(at, event.key);
      setCurrent(next);
      if (!isWithin(next, focus)) setFocus(next);
    } else if (event.key === "Enter") setFocus(at);
    else if (event.key === "Escape" && focus !== root) setFocus(root);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div ref={host} class="flame">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label="Flame graph: arrow keys walk, Enter zooms, Escape zooms out. The table has the same figures."
        onPointerMove={(event) => setCurrent(nodeUnder(event))}
        onPointerLeave={() => setCurrent(null)}
        onClick={(event) => setFocus(nodeUnder(event) ?? root)}
        onKeyDown={onKey}
      />
    </div>
  );
}

function Top({ root, unit, isDiff, onFind }) {
  const rows = useMemo(() => {
    const all = topOf(root);
    return isDiff ? all.sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta)) : all;
  }, [root, isDiff]);
  return (
    <table class="plain top-rows" aria-label="The same as a table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="num">
            Itself
          </th>
          <th scope="col" class="num">
            With callees
          </th>
          {isDiff && (
            <th scope="col" class="num">
              Change
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, TOP_ROWS).map((row) => (
          <tr key={row.name}>
            <td class="r-name">
              <button type="button" class="link" data-nav onClick={() => onFind(row.name)}>
                <bdi class="code">{row.name}</bdi>
              </button>
            </td>
            <td class="num">{figure(row.self, unit)}</td>
            <td class="num">{figure(row.total, unit)}</td>
            {isDiff && <td class="num">{signed(row.delta, unit)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// data: { …tree, unit } of the API; a node with `delta` makes it a difference.
export function Flame({ data, search, onFind }) {
  const root = useMemo(() => rooted(data), [data]);
  const [focus, setFocus] = useState(root);
  const [current, setCurrent] = useState(null);
  useEffect(() => {
    setFocus(root);
    setCurrent(null);
  }, [root]);
  const matches = useMemo(() => matcher(search), [search]);
  const matched = useMemo(() => (matches ? matchedValue(root, matches) : null), [root, matches]);
  const shown = isWithin(focus, root) ? focus : root;
  const unit = data.unit ?? "bytes";
  const isDiff = root.delta !== null;
  if (root.value <= 0 && root.children.length === 0)
    return <p class="dim">There is nothing in it.</p>;
  return (
    <>
      <div class="flame-bar">
        <Readout node={current ?? shown} root={root} unit={unit} matched={matched} />
        {shown !== root && (
          <button type="button" class="plain-button" onClick={() => setFocus(root)}>
            Zoom out
          </button>
        )}
      </div>
      <Canvas {...{ root, isDiff, matches, setFocus, current, setCurrent }} focus={shown} />
      {isDiff && (
        <p class="legend dim">
          <i class="grew" /> grew <i class="shrank" /> shrank <i /> stayed; as wide as what is there
          now
        </p>
      )}
      <Top root={root} unit={unit} isDiff={isDiff} onFind={onFind} />
    </>
  );
}
