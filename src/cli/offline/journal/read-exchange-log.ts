import { ExchangeLog, type LogWindow } from '../../../domain/facts/exchange-log.ts';
import { findJournalFolder } from './journal-folder.ts';

/** Puts the exchanges of a window together from a journal on disk; the product may run meanwhile. */
export async function readExchangeLog(folder: string, window: LogWindow): Promise<ExchangeLog> {
  const { readJournalDirectory } = await import('../../../journal/index.ts');
  const log = new ExchangeLog(window);
  for await (const { fact } of readJournalDirectory(findJournalFolder(folder))) log.add(fact);
  return log;
}
