// Draws boxes on a canvas.

import { shortFunction } from "../format.js";
import { diffColour, packageColour } from "./colour.js";

export const ROW_PX = 19;
const FONT = "12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const PAD_PX = 4;

function fitted(name, room, charWidth) {
  const chars = Math.floor((room - 2 * PAD_PX) / charWidth);
  if (chars < 3) return "";
  const short = shortFunction(name);
  return short.length <= chars ? short : `${short.slice(0, chars - 1)}…`;
}

function colourOf(node, look) {
  return look.isDiff
    ? diffColour(node.value, node.delta ?? 0, look.dark)
    : packageColour(node.name, look.dark);
}

function paintBox(context, box, look) {
  const { node, x, width, depth } = box;
  const y = depth * ROW_PX;
  context.globalAlpha = look.matches && !look.matches(node) ? 0.28 : 1;
  context.fillStyle = colourOf(node, look);
  context.fillRect(x, y, Math.max(width - 1, 0.5), ROW_PX - 1);
  if (node === look.current) {
    context.globalAlpha = 1;
    context.strokeStyle = look.palette.text;
    context.lineWidth = 1.5;
    context.strokeRect(x + 1, y + 1, Math.max(width - 3, 0.5), ROW_PX - 3);
  }
  const text = fitted(node.name, width, look.charWidth);
  if (!text) return;
  context.fillStyle = look.palette.text;
  context.fillText(text, x + PAD_PX, y + ROW_PX / 2);
}

// look: { isDiff, dark, matches, current, palette }.
export function paint(canvas, boxes, width, look) {
  const height = (boxes.reduce((max, { depth }) => Math.max(max, depth), 0) + 1) * ROW_PX;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = FONT;
  context.textBaseline = "middle";
  const drawn = { ...look, charWidth: context.measureText("m").width };
  for (const box of boxes) paintBox(context, box, drawn);
}
