import type { CommandTree } from './shell/command-tree.ts';

/** Every command; each is loaded when it is called. */
export const commands: CommandTree = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  top: async () => (await import('./commands/top.ts')).topCommand,
  config: {
    check: async () => (await import('./commands/config-check.ts')).configCheckCommand,
  },
  hosts: {
    list: async () => (await import('./commands/hosts-list.ts')).hostsListCommand,
    verify: async () => (await import('./commands/hosts-verify.ts')).hostsVerifyCommand,
  },
  requests: {
    show: async () => (await import('./commands/requests-show.ts')).requestsShowCommand,
  },
  journal: {
    verify: async () => (await import('./commands/journal-verify.ts')).journalVerifyCommand,
    tail: async () => (await import('./commands/journal-tail.ts')).journalTailCommand,
    stats: async () => (await import('./commands/journal-stats.ts')).journalStatsCommand,
  },
  backup: async () => (await import('./commands/backup.ts')).backupCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  'fake-upstream': async () => (await import('./commands/fake-upstream.ts')).fakeUpstreamCommand,
  audit: async () => (await import('./offline/audit-command.ts')).auditCommand,
  import: async () => (await import('./offline/import-command.ts')).importCommand,
};
