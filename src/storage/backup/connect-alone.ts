import pg from 'pg';

/** A connection without time limits, for work that takes as long as it takes. */
export async function connectAlone(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'switchyard-backup', keepAlive: true });
  // Whatever statement runs reports the loss.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
