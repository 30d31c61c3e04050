// Bundles src/ into dist/, which the daemon embeds (src/web/assets.h lists the files). Prints what the
// page weighs, and fails when that is more than a phone on a bad line should have to load.

import { build } from "esbuild";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const GZIP_MAX_BYTES = 150 * 1024;
const SERVED = ["index.html", "app.js", "app.css", "favicon.svg"];
const LIBRARIES = ["preact", "uplot"];

const at = (path) => new URL(path, import.meta.url);

async function bundle() {
  await build({
    absWorkingDir: at(".").pathname,
    entryPoints: { app: "src/app.jsx" },
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none", // they are in licences.txt
    logLevel: "warning",
  });
}

// The bundle holds code of others; their licences ask to be passed on with it.
async function licences() {
  const texts = await Promise.all(
    LIBRARIES.map(async (name) => {
      const { version } = JSON.parse(
        await readFile(at(`node_modules/${name}/package.json`), "utf8"),
      );
      const text = await readFile(at(`node_modules/${name}/LICENSE`), "utf8");
      return `${name} ${version}\n\n${text.trim()}\n`;
    }),
  );
  await writeFile(at("dist/licences.txt"), texts.join("\n\n"));
}

async function weigh() {
  const sizes = await Promise.all(
    SERVED.map(async (name) => gzipSync(await readFile(at(`dist/${name}`)), { level: 9 }).length),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  const parts = SERVED.map((name, i) => `${name} ${kib(sizes[i])}`).join(", ");
  console.log(`web: ${kib(total)} gzip'd of at most ${kib(GZIP_MAX_BYTES)} (${parts})`);
  if (total > GZIP_MAX_BYTES) throw new Error("the page has become too large");
}

await mkdir(at("dist"), { recursive: true });
await bundle();
await copyFile(at("src/index.html"), at("dist/index.html"));
await copyFile(at("src/favicon.svg"), at("dist/favicon.svg"));
await weigh();
await licences(); // the last: make takes this file for all
