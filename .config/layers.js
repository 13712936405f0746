// docs/layers.svg: the parts of src, drawn from their imports. Each stands one step above the highest part that it imports from.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const partOf = (path) => (path.split("/")[1] ?? "").replace(/\.ts$/, "");

/** Parts by name: how many files and lines, and what each imports from. Imports of types count. */
export function readParts(root) {
  const parts = new Map();
  for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts")).sort()) {
    const path = `src/${name}`;
    const text = readFileSync(join(root, path), "utf8");
    const part = parts.get(partOf(path)) ?? { files: 0, lines: 0, below: new Set() };
    part.files += 1;
    part.lines += text.split("\n").length - 1;
    for (const [, target] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+\.ts)"/g)) part.below.add(partOf(normalize(join(dirname(path), target))));
    part.below.delete(partOf(path));
    parts.set(partOf(path), part);
  }
  return parts;
}

/** @returns rows of names, the highest first. */
export function findRows(parts) {
  const depths = new Map();
  const depthOf = (name) => {
    if (!depths.has(name)) depths.set(name, 1 + Math.max(0, ...[...parts.get(name).below].map(depthOf)));
    return depths.get(name);
  };
  for (const name of parts.keys()) depthOf(name);
  const highest = Math.max(...depths.values());
  return Array.from({ length: highest }, (_, step) => [...parts.keys()].filter((name) => depths.get(name) === highest - step).sort());
}

/** Arrows that no longer way stands for. */
function findArrows(parts) {
  const reach = (name) => new Set([...parts.get(name).below].flatMap((below) => [below, ...reach(below)]));
  return [...parts].flatMap(([name, { below }]) => [...below].filter((target) => ![...below].some((other) => other !== target && reach(other).has(target))).sort().map((target) => [name, target]));
}

const [BOX_WIDTH, GAP, BOX_HEIGHT, STEP] = [98, 12, 40, 92];

export function drawLayers(root) {
  const parts = readParts(root);
  const rows = findRows(parts);
  const width = Math.max(...rows.map(({ length }) => length)) * (BOX_WIDTH + GAP);
  const places = new Map(rows.flatMap((row, step) => row.map((name, index) => [name, { x: Math.round((width * (index + 0.5)) / row.length), y: 20 + step * STEP }])));
  const arrows = findArrows(parts).map(([from, to]) => {
    const [{ x: x1, y: y1 }, { x: x2, y: y2 }] = [places.get(from), places.get(to)];
    return `  <path class="arrow" d="M${x1} ${y1 + BOX_HEIGHT}C${x1} ${y1 + BOX_HEIGHT + 30} ${x2} ${y2 - 30} ${x2} ${y2}"/>`;
  });
  const boxes = [...places].map(([name, { x, y }]) => `  <rect class="box" x="${x - BOX_WIDTH / 2}" y="${y}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}" rx="5"/>\n  <text x="${x}" y="${y + 25}">${name}</text>`);
  const height = 40 + (rows.length - 1) * STEP + BOX_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The parts of src, each above what it imports from" font-family="system-ui, sans-serif" font-size="14" text-anchor="middle">
  <style>
    .box { fill: #f6f8fa; stroke: #57606a; }
    .arrow { fill: none; stroke: #8c959f; stroke-opacity: 0.55; }
    text { fill: #1f2328; }
    @media (prefers-color-scheme: dark) { .box { fill: #161b22; stroke: #8b949e; } .arrow { stroke: #8b949e; } text { fill: #e6edf3; } }
  </style>
${[...arrows, ...boxes].join("\n")}
</svg>
`;
}

/** Rows of a table: what each part imports from, in the order of the picture. */
export function formatLayers(root) {
  const parts = readParts(root);
  return findRows(parts).flat().map((name) => `| \`${name}\` | ${[...parts.get(name).below].sort().join(", ") || "nothing"} |`);
}
