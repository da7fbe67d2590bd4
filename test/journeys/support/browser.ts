import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { repositoryRoot } from '../../../scripts/lib/repository-root.mjs';

/** A real browser for journeys, or the reason why this machine has none. */
export type BrowserOrReason =
  | { readonly browser: Browser; readonly reason?: undefined }
  | { readonly browser?: undefined; readonly reason: string };

/** A page together with everything that went wrong on it or left it. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions and violations of the content security policy. */
  readonly complaints: readonly string[];
  /** Address of each request that the page made, itself included. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Never talk to anybody: the browser of a test loads our own pages only. */
const quietFlags = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-first-run'];
/** Weakens what a page may do, which would hide violations that a reader's browser would complain about. */
const weakeningFlags = ['--disable-web-security', '--allow-running-insecure-content', '--single-process'];

/**
 * Launches chromium: that of SWITCHYARD_BROWSER, else the one inside the npm package (Linux on x64 only).
 * Call it once per test file and close the browser afterwards; where there is none, say the reason and skip.
 */
export async function openBrowser(): Promise<BrowserOrReason> {
  const own = process.env['SWITCHYARD_BROWSER'];
  if (own !== undefined && own !== '') return { browser: await launch(own, []) };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return noBrowser(`the packed chromium is for linux on x64, not ${process.platform} on ${process.arch}`);
  }
  const folder = await unpackChromium();
  const { default: packed } = await import('@sparticuz/chromium');
  const flags = packed.args.filter((flag) => !weakeningFlags.includes(flag) && !flag.startsWith('--headless'));
  return { browser: await launch(join(folder, 'chromium'), flags, folder) };
}

/** Opens a blank page that notes complaints and requests from its first moment on. */
export async function openWatchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests, close: () => context.close() };
}

function launch(executablePath: string, flags: readonly string[], folder?: string): Promise<Browser> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return chromium.launch({
    executablePath,
    args: [...flags, ...quietFlags],
    env: {
      ...environment,
      ...(folder !== undefined && { TMPDIR: folder, FONTCONFIG_FILE: writeFontSettings(folder) }),
    },
  });
}

/**
 * The settings in the package name folders of another machine. Without a font the browser ends as soon as a page has
 * a text field.
 */
function writeFontSettings(folder: string): string {
  const file = join(folder, 'switchyard-fonts.conf');
  const [fonts, cache] = [join(folder, 'fonts'), join(folder, 'fonts-cache')];
  writeFileSync(file, `<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
  return file;
}

/** A journey that did not run must not look like one that passed. */
function noBrowser(reason: string): BrowserOrReason {
  const text = `browser journeys are skipped: ${reason}; set SWITCHYARD_BROWSER=/path/to/chromium to run them`;
  process.stderr.write(`\n${text}\n`);
  return { reason: text };
}

/**
 * Unpacks the browser of the installed version once. The package takes any file named `chromium` in its temporary
 * folder for a complete one of the right version, so it gets a private folder, which is moved to its place only when
 * complete: neither a second worker nor an upgrade nor an interrupted run can meet a half or a stale browser.
 */
async function unpackChromium(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const packageFolder = entry.slice(0, entry.lastIndexOf(join('chromium', 'build')) + 'chromium'.length);
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const home = join(repositoryRoot, 'node_modules', '.cache', 'switchyard-browser');
  const folder = join(home, `chromium-${manifest.version}`);
  if (existsSync(join(folder, 'chromium'))) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(join(home, 'unpacking-'));
  const script = `const { default: packed } = await import('@sparticuz/chromium'); await packed.executablePath();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: repositoryRoot,
    env: { ...process.env, TMPDIR: draft },
  });
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another worker was first; its browser is as good as ours.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(join(folder, 'chromium'))) throw error;
  }
  return folder;
}
