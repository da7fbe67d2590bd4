/** One example for each section of `switchyard.yaml`; a test validates them, so that the page shows none that fails. */
export const configExamples: { readonly [section: string]: string } = {
  hosts: `hosts:
  acme: # a host of your own: protocol and address are needed
    protocol: openai-chat
    baseUrl: http://127.0.0.1:9101/v1
    apiKey: env:ACME_KEY
    timeouts: { connectMs: 2000, firstTokenMs: 30000, idleMs: 30000, totalMs: 600000 }
  contoso: # Azure
    protocol: azure-openai
    baseUrl: https://contoso.openai.azure.com
    auth: { type: azure, apiVersion: 2024-10-21, apiKey: env:AZURE_KEY }
  bedrock-eu:
    protocol: bedrock
    auth:
      type: aws
      region: eu-central-1
      accessKeyId: env:AWS_ACCESS_KEY_ID
      secretAccessKey: file:/run/secrets/aws
  vertex-us:
    protocol: vertex
    auth: { type: google, credentials: file:vertex.json, project: my-project, location: us-central1 }
`,
  models: `hosts:
  acme: { protocol: openai-chat, baseUrl: http://127.0.0.1:9101/v1 }
models:
  small:
    endpoints:
      - { host: acme, model: small-1, weight: 3, price: { input: 0.15, output: 0.60, cacheRead: 0.075 } }
      - { host: acme, model: small-2, contextTokens: 32000, capabilities: { images: false } }
    fallback: [large]
    policy: { maxAttempts: 3, maxWaitMs: 500 }
  large:
    endpoints:
      - host: acme
        model: large-1
        price:
          input: 3
          output: 15
          batch: 0.5
          rules: # of those that hold the last wins, bucket by bucket
            - { overInput: 200000, input: 6, output: 22.5 }
            - { serviceTier: priority, input: 5, output: 25 }
            - { from: 16:30, to: 00:30, output: 7.5 }
`,
  aliases: `aliases:
  default: sim/small
`,
  jobs: `jobs:
  summarize:
    description: Summaries of support tickets.
    models: [sim/small, sim/large]
    examples: ["Summarise this ticket in two sentences."] # by which \`auto\` recognises the job
    constraints: { contextTokens: 8000, outputUsdPerMillion: 20.00 }
    success: score >= 0.8
    value: { lowUsd: 0.01, midUsd: 0.02, highUsd: 0.05 }
    floor: { incumbent: sim/large, margin: 0.02 }
    exploration: { maxShare: 0.02, usdPerDay: 1.00 }
`,
  routing: `routing:
  features: { model: text-embedding-3-small, timeoutMs: 200 } # absent: prompts are read by their words
`,
  contracts: `contracts:
  - { host: acme, ratio: 0.85 } # 15 % off the list price of everything there
  - { host: acme, model: large-1, ratio: 0.7, from: 2026-01-01, to: 2027-01-01 }
  - { key: nightly, price: { input: 0.1, output: 0.4 } }
`,
  keys: `keys:
  - { name: dev, secret: env:SWITCHYARD_DEV_KEY }
  - name: app
    secret: file:/run/secrets/app-key
    models: [small, 'sim/*']
    limits: { requestsPerMinute: 600, tokensPerMinute: 1000000, concurrent: 50 }
    cache: deterministic
`,
  server: `server:
  host: 0.0.0.0 # needs at least one key
  port: 8080
  drainMs: 60000
`,
  journal: `journal:
  durability: relaxed
  retentionDays: 90
`,
  database: `database: env:DATABASE_URL # postgres://switchyard@db.example:5432/switchyard
`,
  network: `network:
  proxy: http://proxy.example:3128
  noProxy: [localhost, .internal.example]
  caFile: /etc/ssl/our-ca.pem
`,
  cache: `cache:
  maxBytes: 1073741824
  ttlSeconds: 600
`,
  runtime: `runtime:
  minIsolation: sandbox-cgroup # refuse to run where the kernel does not hold the limits
  limits: { wallSeconds: 30, memoryMib: 256 }
  concurrent: 4
`,
  compute: `compute:
  cpuSecond: 0.000012 # USD; customers are charged for runs, apps and sandboxes
  memoryGibSecond: 0.0000025
  egressGib: 0.09
`,
  sandboxes: `sandboxes:
  perKey: 50
  memoryMib: 1024
  domain: sandboxes.example.com # ports are reached as 8000-ID.sandboxes.example.com
`,
  responses: `responses:
  store: false
`,
  log: `log:
  level: warn
`,
  telemetry: `telemetry:
  otlpEndpoint: http://127.0.0.1:4318
  sampleRatio: 0.1
`,
  catalog: `catalog:
  refreshHours: 6
  sources:
    - url: https://models.dev/api.json
    - { url: https://prices.example/litellm.json, format: litellm }
`,
  sharedRates: `sharedRates:
  redis: env:REDIS_URL
`,
  exports: `exports:
  - type: stripe
    name: billing
    secretKey: env:STRIPE_SECRET_KEY
    meters: { input: ai_input, output: ai_output }
    customers: { acme: cus_NffrFeUfNV2Hib }
  - type: cloudEvents
    name: openmeter
    url: https://openmeter.example/api/v1/events
    authorization: env:OPENMETER_AUTHORIZATION
`,
  discovery: `discovery:
  local: false
`,
  organisation: `organisation:
  name: Acme Models
  timeZone: Europe/Berlin
  currency: EUR
`,
  plans: `plans:
  reseller: # cost and a fifth on top, never less than what it cost
    markupPercent: 20
    chargeFloorPercent: 100
    marginFloorPercent: 10
  team:
    baseFee: 49.00
    seatFee: 9.00
    prices: { '*': { input: 1.00, output: 4.00 } } # USD per million units
    meters:
      - name: tokens
        buckets: [input, output]
        includedUnits: 1000000
        steps: [{ upTo: 10000000, price: 2.00 }, { price: 1.50 }]
`,
  customers: `customers:
  - name: northwind
    displayName: Northwind Traders
    timeZone: America/New_York
    models: ['fast', 'claude-*']
    budget: { limitUsd: 500.00, period: month }
    limits: { requestsPerMinute: 600, concurrent: 50 }
`,
  budgets: `budgets:
  - { scope: organisation, limitUsd: 10000, period: month, hard: false }
  - { scope: endUser, customer: northwind, limitUsd: 0.50, period: day } # each end user of northwind
  - { scope: job, name: summaries, limitUsd: 25.00, period: week }
`,
  rateLimits: `rateLimits:
  - { scope: endUser, requestsPerMinute: 20, concurrent: 2 }
`,
};
