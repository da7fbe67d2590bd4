import { statfsSync } from 'node:fs';

/** Settings for a server that shares a machine with the gateway and keeps money: durable, modest, only for us. */
export const serverFlags: { readonly [name: string]: string | number } = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: 60,
  shared_buffers: '256MB',
  // A month of usage is grouped, and a batch of exchanges sorted, in memory: with the default both go through files.
  work_mem: '32MB',
  fsync: 'on',
  synchronous_commit: 'on',
  wal_compression: 'on',
  // Nobody replicates from it: backups are ours.
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  jit: 'off',
  // Statements hold what customers sent; the log does not.
  log_min_error_statement: 'panic',
};

const comfortableSharedMemoryBytes = 256 * 1024 * 1024;

/** Containers often come with a tiny /dev/shm, in which larger queries fail: then files of the server do the work. */
export function sharedMemoryFlags(folder = '/dev/shm'): { readonly [name: string]: string } {
  if (process.platform !== 'linux') return {};
  try {
    const { blocks, bsize } = statfsSync(folder);
    return blocks * bsize < comfortableSharedMemoryBytes ? { dynamic_shared_memory_type: 'mmap' } : {};
  } catch {
    return { dynamic_shared_memory_type: 'mmap' }; // There is none.
  }
}
