import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Outsider, type Principal, staff } from '../control/framework/principal.ts';
import { problem } from '../control/framework/problem.ts';
import { toFault } from '../control/framework/to-fault.ts';
import { html, type HtmlPart } from './html.ts';
import { pageHeaders, renderPage } from './layout.ts';
import type { Overview } from './overview.ts';
import { overviewPage } from './overview-page.ts';
import { refreshScript } from './refresh-script.ts';
import { rowsPage, type RowsView } from './rows-page.ts';
import { sessionCookie, type Sessions } from './session.ts';
import { signInPage } from './sign-in-page.ts';

/** What the pages show, read anew for each view. */
export interface FigureSource {
  overview(): Promise<Overview>;
  /** Rows behind a figure; undefined when there is no such list. */
  rows(list: string, query: { readonly [name: string]: string }): Promise<RowsView | undefined>;
}

/** What the pages need. */
export interface PagesDeps {
  readonly figures: FigureSource;
  readonly sessions: Sessions;
  readonly clock: Clock;
  identify(token: string): Promise<Principal | Outsider | undefined>;
  troubled(error: unknown): void;
}

const maxFormBytes = 4096;

/** Builds the pages for people: server-rendered, without a framework, working without scripts. */
export function createPagesApp(deps: PagesDeps): Hono {
  const app = new Hono();
  app.onError((error, context) => failed(context, toFault(error), deps));
  app.notFound((context) => failed(context, new Fault('not_found', { message: 'There is no such page.' }), deps));
  app.get('/', async (context) => {
    const principal = await signedIn(context, deps);
    if (principal === undefined)
      return show(context, { title: 'Sign in – Switchyard', content: signInPage(undefined) });
    const content = overviewPage(await deps.figures.overview());
    return show(context, { title: 'Overview – Switchyard', content, principal, script: refreshScript });
  });
  app.get('/rows/:list', async (context) => {
    const principal = await signedIn(context, deps);
    if (principal === undefined) return context.redirect('/', 303);
    const view = await deps.figures.rows(context.req.param('list'), context.req.query());
    if (view === undefined) return context.notFound();
    return show(context, { title: `${view.title} – Switchyard`, content: rowsPage(view), principal });
  });
  app.use('/sign-in', bodyLimit({ maxSize: maxFormBytes }));
  app.post('/sign-in', (context) => signIn(context, deps));
  app.post('/sign-out', (context) => {
    refuseForeign(context);
    deleteCookie(context, sessionCookie, { path: '/' });
    return context.redirect('/', 303);
  });
  return app;
}

async function signIn(context: Context, deps: PagesDeps): Promise<Response> {
  refuseForeign(context);
  const form = new URLSearchParams(await context.req.text());
  const token = form.get('token')?.trim() ?? '';
  const who = token === '' ? undefined : await deps.identify(token);
  if (who === undefined) return refuse(context, 'This token is not known, or is no longer valid.');
  if (!isStaff(who))
    return refuse(context, 'This token may not see these pages; they are for the people who run this gateway.');
  setCookie(context, sessionCookie, deps.sessions.seal(token, deps.clock.nowMs()), {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure: context.req.header('x-forwarded-proto') === 'https',
  });
  return context.redirect('/', 303);
}

function refuse(context: Context, sentence: string): Response {
  return show(context, { title: 'Sign in – Switchyard', content: signInPage(sentence), status: 403 });
}

async function signedIn(context: Context, deps: PagesDeps): Promise<Principal | undefined> {
  const cookie = getCookie(context, sessionCookie);
  const token = cookie === undefined ? undefined : deps.sessions.open(cookie, deps.clock.nowMs());
  const who = token === undefined ? undefined : await deps.identify(token);
  return who !== undefined && isStaff(who) ? who : undefined;
}

function isStaff(who: Principal | Outsider): who is Principal {
  return 'role' in who && staff.includes(who.role);
}

/** The cookie is never sent from elsewhere; this also keeps other sites from signing a browser in or out. */
function refuseForeign(context: Context): void {
  const site = context.req.header('sec-fetch-site');
  const origin = context.req.header('origin');
  const host = context.req.header('host');
  const isForeign = (site !== undefined && site !== 'same-origin') || (origin !== undefined && hostOf(origin) !== host);
  if (isForeign) throw new Fault('not_allowed', { message: 'This form is only for pages of this gateway.' });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

interface Shown {
  readonly title: string;
  readonly content: HtmlPart;
  readonly principal?: Principal;
  readonly script?: string;
  readonly status?: 200 | 403 | 404 | 500 | 503;
}

function show(context: Context, { content, status = 200, ...frame }: Shown): Response {
  const nonce = randomBytes(16).toString('base64');
  return context.body(renderPage({ ...frame, nonce }, content), status, pageHeaders(nonce));
}

/** People get a page, programs a problem. */
function failed(context: Context, fault: Fault, deps: PagesDeps): Response {
  if (fault.code === 'internal') deps.troubled(fault.cause);
  if (context.req.header('accept')?.includes('text/html') !== true) return problem(context, fault);
  const { httpStatus } = fault.kind;
  const status = httpStatus === 404 || httpStatus === 403 || httpStatus === 503 ? httpStatus : 500;
  const content = html`<h1>${fault.kind.meaning}</h1>
    <p class="lead">${fault.message}</p>
    <p><a href="/">To the overview</a></p>`;
  return show(context, { title: 'Switchyard', content, status });
}
