import type { DialectId } from '../../../src/domain/calls/dialect.ts';
import { type FakeUpstream, startFakeUpstream } from '../../fake-upstream/index.ts';
import { anthropic } from './client-anthropic.ts';
import { aiSdkDrives } from './client-ai-sdk.ts';
import { type BootedProduct, bootProduct } from './boot-product.ts';
import type { ClientDrive, ClientSetup, Conversation } from './client-drive.ts';
import { googleGenai } from './client-google.ts';
import { langchain } from './client-langchain.ts';
import { openaiChat, openaiResponses } from './client-openai.ts';

/** Every client that is driven, each through the base URL its users would change. */
export const drives: readonly ClientDrive[] = [
  openaiChat,
  openaiResponses,
  anthropic,
  googleGenai,
  ...aiSdkDrives,
  langchain,
];

/** An upstream dialect, with what its requests look like. */
export interface UpstreamSpec {
  readonly dialect: DialectId;
  readonly protocol: string;
  readonly upstreamModel: string;
  readonly path: RegExp;
}

/** Every upstream dialect. */
export const upstreams: readonly UpstreamSpec[] = [
  { dialect: 'openai-chat', protocol: 'openai-chat', upstreamModel: 'gpt-mock', path: /\/chat\/completions$/ },
  { dialect: 'openai-responses', protocol: 'openai-responses', upstreamModel: 'gpt-mock', path: /\/responses$/ },
  {
    dialect: 'anthropic-messages',
    protocol: 'anthropic-messages',
    upstreamModel: 'claude-sonnet-4-5',
    path: /\/messages$/,
  },
  { dialect: 'gemini', protocol: 'gemini', upstreamModel: 'gemini-3-mock', path: /:(streamG|g)enerateContent$/ },
  {
    dialect: 'bedrock-converse',
    protocol: 'bedrock',
    upstreamModel: 'claude-sonnet-4-5',
    path: /\/converse(-stream)?$/,
  },
];

/** Credentials that must never meet: the client's stays here, the host's never leaves upstream. */
export const clientKey = 'sk-client-of-switchyard';
export const narrowKey = 'sk-client-with-one-model';
export const hostKey = 'sk-host-credential';

/** One client in front of one upstream. */
export interface Cell {
  readonly drive: ClientDrive;
  readonly upstream: UpstreamSpec;
  readonly fake: FakeUpstream;
  /** Name of the model as the client asks for it. */
  readonly model: string;
  setup(overrides?: Partial<ClientSetup>): ClientSetup;
  open(overrides?: Partial<ClientSetup>): Conversation;
  /** Sets how the upstream behaves from now on. */
  script(...scripts: readonly string[]): void;
  /** What the upstream got last, as JSON text. */
  /** Fault of the exchange that ended last, as the operator sees it. */
  lastFault(): Promise<string | undefined>;
  sent(): { readonly path: string; readonly text: string; readonly headers: { readonly [name: string]: string } };
}

/** The product between all clients and one fake upstream of each dialect. */
export interface ClientWorld {
  readonly booted: BootedProduct;
  readonly fakes: { readonly [Dialect in DialectId]: FakeUpstream };
  /** Each variant is a model, hence an endpoint with circuits and cooling, of its own. */
  cell(drive: ClientDrive, upstream: UpstreamSpec, variant?: string): Cell;
  close(): Promise<void>;
}

/** Further settings of a world. */
export interface WorldOptions {
  /** Models beside the plain one of each cell. */
  readonly variants?: readonly string[];
  /** YAML of the endpoints' own settings, after the model. */
  readonly endpoint?: string;
  /** Attempts of the product's own; 1 unless given. */
  readonly maxAttempts?: number;
  /** More YAML, at the top level. */
  readonly more?: string;
}

/** Boots product and upstreams. No endpoint is asked twice by the product itself, so that clients see each failure. */
export async function startClientWorld(options: WorldOptions = {}): Promise<ClientWorld> {
  const started = await Promise.all(
    upstreams.map(async ({ dialect }) => [dialect, await startFakeUpstream({ apiKey: hostKey })] as const),
  );
  const fakes = Object.fromEntries(started) as ClientWorld['fakes'];
  const environment = { CLIENT_KEY: clientKey, NARROW_KEY: narrowKey, HOST_KEY: hostKey };
  const booted = await bootProduct(configText(fakes, options), environment);
  return {
    booted,
    fakes,
    cell: (drive, upstream, variant) => openCell({ drive, upstream, variant, fake: fakes[upstream.dialect], booted }),
    async close() {
      await booted.close();
      await Promise.all(Object.values(fakes).map((fake) => fake.close()));
    },
  };
}

function openCell(parts: {
  drive: ClientDrive;
  upstream: UpstreamSpec;
  variant: string | undefined;
  fake: FakeUpstream;
  booted: BootedProduct;
}): Cell {
  const { drive, upstream, fake, booted } = parts;
  const name = nameOf(drive, parts.variant);
  const model = modelNameOf(drive, upstream.dialect, name);
  const setup: Cell['setup'] = (overrides) => ({
    url: booted.url,
    apiKey: clientKey,
    model,
    maxRetries: 0,
    ...overrides,
  });
  return {
    drive,
    upstream,
    fake,
    model,
    setup,
    open: (overrides) => drive.open(setup(overrides)),
    script: (...scripts) => fake.script(`${upstream.upstreamModel}-${name}`, ...scripts),
    async lastFault() {
      const { requests } = (await booted.control('/api/v1/live')) as { requests?: { recent: { fault?: string }[] } };
      return requests?.recent[0]?.fault;
    },
    sent() {
      const last = fake.stats().recent.at(-1);
      return { path: last?.path ?? '', text: last?.bodyText ?? '', headers: last?.headers ?? {} };
    },
  };
}

function configText(
  fakes: ClientWorld['fakes'],
  { variants = [], endpoint = '', maxAttempts = 1, more = '' }: WorldOptions,
): string {
  const hosts = upstreams.map(({ dialect, protocol }) => {
    const fake = fakes[dialect];
    const ownBases: { readonly [Dialect in DialectId]?: string } = {
      gemini: fake.geminiUrl,
      'bedrock-converse': fake.url,
    };
    const baseUrl = ownBases[dialect] ?? fake.baseUrl;
    return `  ${dialect}: { protocol: ${protocol}, baseUrl: "${baseUrl}", apiKey: env:HOST_KEY }`;
  });
  const models = drives.flatMap((drive) =>
    upstreams.flatMap(({ dialect, upstreamModel }) =>
      [undefined, ...variants].map((variant) => {
        const name = nameOf(drive, variant);
        const target = `{ host: ${dialect}, model: ${upstreamModel}-${name}${endpoint} }`;
        return `  ${modelNameOf(drive, dialect, name)}: { endpoints: [${target}], policy: { maxAttempts: ${maxAttempts} } }`;
      }),
    ),
  );
  return [
    'hosts:',
    ...hosts,
    'models:',
    ...models,
    'keys:',
    '  - { name: client, secret: env:CLIENT_KEY }',
    '  - { name: narrow, secret: env:NARROW_KEY, models: ["*-on-openai-chat-for-*"] }',
    more,
  ].join('\n');
}

function nameOf({ name }: ClientDrive, variant: string | undefined): string {
  const plain = name.replaceAll(/[^a-z]+/g, '-').replaceAll(/^-|-$/g, '');
  return variant === undefined ? plain : `${plain}-${variant}`;
}

function modelNameOf({ modelPrefix }: ClientDrive, dialect: DialectId, name: string): string {
  return `${modelPrefix}-on-${dialect}-for-${name}`;
}
