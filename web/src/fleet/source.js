// The fleet, asked for in pages: a page is parsed without a pause that a person would feel.

import { get } from "../api.js";
import { rowOf } from "./rows.js";

const PAGE_TARGETS = 500;
const TARGETS_MAX = 20_000; // more than this no browser should hold

const REST_MS_A_PAGE = 3000;

// How long the answer about a fleet is good for. Targets are scraped once a minute or so, each at its own
// time: nearly every page of a large fleet has changed whenever it is asked for.
export function restOfFleet(rows) {
  return Math.ceil(rows.length / PAGE_TARGETS) * REST_MS_A_PAGE;
}

// Lets the page answer the user before it goes on.
function breathe() {
  return globalThis.scheduler?.yield?.() ?? new Promise((resume) => setTimeout(resume));
}

// All active targets as rows. show(rows) gets what is there so far: the first page, and then whenever
// there are twice as many, because each time they are sorted and drawn. A daemon that knows no pages
// answers with everything at once.
export async function loadFleet(signal, show) {
  const rows = [];
  let total = Infinity;
  let shown = 0;
  while (rows.length < Math.min(total, TARGETS_MAX)) {
    const path = `targets?state=active&limit=${PAGE_TARGETS}&offset=${rows.length}`;
    const page = await get(path, signal);
    rows.push(...page.activeTargets.map(rowOf));
    total = page.total ?? rows.length;
    if (page.activeTargets.length === 0) break;
    if (rows.length >= 2 * shown && rows.length < total) {
      shown = rows.length;
      show([...rows]);
    }
    await breathe();
  }
  return rows;
}
