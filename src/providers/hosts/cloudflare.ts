import { openAICompatible } from '../openai-compatible.ts';

/** Cloudflare Workers AI; the address holds the account, so the operator must say it. */
export const cloudflare = openAICompatible({
  id: 'cloudflare',
  name: 'Cloudflare Workers AI',
  baseUrlExample: 'https://api.cloudflare.com/client/v4/accounts/ACCOUNT_ID/ai/v1',
  keyEnv: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'],
  documentation: {
    url: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility',
    date: '2026-11-22',
  },
});
