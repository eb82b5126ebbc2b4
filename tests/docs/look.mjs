// Look at every page of a built site as readers do, and print what is wrong as JSON:
//
//     CHROME=/usr/bin/chromium node look.mjs SITE [--pages PART_OF_PATH] [--shots FOLDER]
//
// Wrong are: what axe-core finds, what is cut at one of the widths, formulas that are not
// typeset, scripts that fail, and every request to the network.
import { readdirSync, readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const WIDTHS = [1300, 1024, 400];
const THEMES = ["light", "dark"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pages: { type: "string", default: "" }, shots: { type: "string" } },
});
const site = resolve(positionals[0]);
const pages = readdirSync(site, { recursive: true })
  .filter((path) => path.endsWith(".html") && !path.startsWith("_"))
  .filter((path) => path.includes(values.pages))
  .sort();

/** Text or pictures that reach beyond the window or their box, and cannot be scrolled to. */
function findCut() {
  const scrolls = (box) => /auto|scroll/.test(getComputedStyle(box).overflowX);
  const hides = (box) => /hidden|clip/.test(getComputedStyle(box).overflowX);
  const shown = (box) => box.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const range = document.createRange();
  for (const part of document.querySelectorAll("article *, header *, h1, h2, h3")) {
    const box = part.getBoundingClientRect();
    let right = box.right;
    for (const child of scrolls(part) ? [] : part.childNodes) {
      if (child.nodeType !== Node.TEXT_NODE) continue;
      range.selectNode(child);
      right = Math.max(right, range.getBoundingClientRect().right);
    }
    if (!box.width || box.height < 2 || !shown(part) || part.closest("mjx-assistive-mml")) continue;
    let edge = innerWidth;
    let reachable = false;
    for (let up = part.parentElement; up && up !== document.body; up = up.parentElement) {
      const layout = up.matches("main, article, [class*=bd-]");
      if (scrolls(up) && !layout) { reachable = true; break; }
      if (hides(up) || layout) edge = Math.min(edge, up.getBoundingClientRect().right);
    }
    if (!reachable && right > edge + 2) return part.outerHTML.slice(0, 120);
  }
  return document.scrollingElement.scrollWidth > innerWidth + 1 && "it scrolls sideways";
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROME,
  args: ["--no-sandbox", "--allow-file-access-from-files", "--force-color-profile=srgb"],
});
const problems = [];
const tab = await browser.newPage();
tab.on("request", (request) => {
  if (/^https?:/.test(request.url())) problems.push({ asks: request.url(), page: tab.url() });
});
tab.on("requestfailed", (request) => problems.push({ missing: request.url(), page: tab.url() }));
tab.on("pageerror", (error) => problems.push({ script: error.message, page: tab.url() }));

/** Resize the window, wait until the page has followed, and keep a picture of it. */
async function resize(page, width, theme) {
  await tab.setViewport({ width, height: 900 });
  await new Promise((done) => setTimeout(done, 400));
  if (values.shots) {
    const name = `${page.replace(/[/\\]/g, "_")}-${width}-${theme}.png`;
    await tab.screenshot({ path: join(values.shots, name) });
  }
}

/** Note what the accessibility checker finds. */
async function check(page, width, theme) {
  const { violations } = await tab.evaluate(() => axe.run());
  for (const { id, help, nodes } of violations) {
    const where = nodes.slice(0, 3).map((node) => node.html.slice(0, 200));
    problems.push({ page, width, theme, rule: id, help, times: nodes.length, where });
  }
}

if (values.shots) mkdirSync(values.shots, { recursive: true });
for (const page of pages) {
  for (const theme of THEMES) {
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await tab.goto(pathToFileURL(join(site, page)), { waitUntil: "load" });
    await tab.evaluate(() => globalThis.MathJax?.startup?.promise);
    for (const [seen] of await tab.$$eval("mjx-merror", (all) => all.map((e) => [e.textContent]))) {
      problems.push({ page, formula: seen });
    }
    await tab.evaluate(AXE);
    for (const width of WIDTHS) {
      await resize(page, width, theme);
      const cut = await tab.evaluate(findCut);
      if (cut) problems.push({ page, width, cut });
      if (width !== WIDTHS[1]) await check(page, width, theme);
    }
  }
}
await browser.close();
console.log(JSON.stringify({ pages: pages.length, problems }, null, 1));
process.exitCode = problems.length ? 1 : 0;
