// Looks at a room with Hydrogen in a browser that is there: `node look.mjs '{"homeserver": ..., "user": ...,
// "password": ..., "room": ..., "words": [...], "pictures": {"file.png": width}, "chromium": ...,
// "beside": {"page": "file.html", "picture": "file.png", "width": width}}'`.
// Waits until the words are there, and prints what a reader sees of each message, as JSON. `beside` is a
// page of which a picture is made as well.

import { createServer } from "node:http";
import { mkdtemp, readFile, rm, copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";

import { build } from "esbuild";
import { chromium } from "playwright-core";

const { chromium: executablePath, words, pictures, beside, ...asked } = JSON.parse(process.argv[2]);
const here = dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const olm = dirname(require.resolve("@matrix-org/olm"));
const hydrogen = join(dirname(require.resolve("hydrogen-view-sdk")), "..");
const kinds = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

const folder = await mkdtemp(join(tmpdir(), "hydrogen-"));
try {
    await makePage();
    const server = createServer(serve).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    try {
        await look(`http://127.0.0.1:${server.address().port}/?${new URLSearchParams(asked)}`);
    } finally {
        server.close();
    }
} finally {
    await rm(folder, { recursive: true });
}

async function makePage() {
    await build({
        entryPoints: [join(here, "page.js")],
        bundle: true,
        format: "esm",
        outdir: folder,
        logLevel: "error",
        // Olm looks for what only Node has, where it runs there.
        external: ["fs", "path", "crypto"],
        loader: { ".svg": "dataurl", ".png": "dataurl", ".woff": "dataurl", ".woff2": "dataurl" },
    });
    await mkdir(join(folder, "assets"));
    const copies = [
        [join(here, "index.html"), "index.html"],
        [join(hydrogen, "lib-build/sw.js"), "sw.js"],
        ...["main.js", "download-sandbox.html"].map((name) => [join(hydrogen, "asset-build/assets", name), `assets/${name}`]),
        ...["olm.wasm", "olm.js", "olm_legacy.js"].map((name) => [join(olm, name), `assets/${name}`]),
    ];
    for (const [from, to] of copies) await copyFile(from, join(folder, to));
}

async function serve(request, response) {
    const path = normalize(new URL(request.url, "http://here").pathname);
    try {
        const content = await readFile(join(folder, path === "/" ? "index.html" : path));
        response.writeHead(200, { "content-type": kinds[extname(path)] ?? "text/html" }).end(content);
    } catch {
        response.writeHead(404).end();
    }
}

async function look(url) {
    const browser = await chromium.launch({
        executablePath,
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"],
    });
    try {
        const page = await browser.newPage({ viewport: { width: 620, height: 880 }, deviceScaleFactor: 2 });
        const wrong = [];
        page.on("pageerror", (error) => wrong.push(String(error)));
        await page.goto(url);
        await page.waitForSelector("body[data-shown]");
        await page.waitForFunction(
            (words) => words.every((each) => document.querySelector(".Timeline").innerText.includes(each)),
            words,
        );
        const wide = [];
        for (const [file, width] of Object.entries(pictures)) {
            await page.setViewportSize({ width, height: 880 });
            await page.screenshot({ path: file });
            if ((await page.evaluate(() => document.documentElement.scrollWidth)) > width) wide.push(width);
        }
        process.stdout.write(JSON.stringify({ wrong, wide, said: await page.evaluate(said) }));
        await page.setViewportSize({ width: beside.width, height: 520 });
        await page.goto(`file://${beside.page}`);
        await page.screenshot({ path: beside.picture });
    } finally {
        await browser.close();
    }
}

// What a reader sees: who says each, the words, as laid out, what it answers, and the signs on it.
function said() {
    const text = (element) => element?.innerText.trim() ?? "";
    const messages = [...document.querySelectorAll(".Timeline_message")];
    return messages.filter((message) => !message.closest(".ReplyPreviewView")).map((message) => ({
        sender: text(message.querySelector(":scope > .Timeline_messageSender")),
        words: text(message.querySelector(":scope > .Timeline_messageBody")),
        answers: text(message.querySelector(".ReplyPreviewView .Timeline_messageBody")),
        signs: [...message.querySelectorAll(".Timeline_messageReactions button")].map(text),
    }));
}
