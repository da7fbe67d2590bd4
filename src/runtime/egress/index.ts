export type { EgressAudit } from './egress-audit.ts';
export {
  allowsHost,
  defaultEgressBytes,
  type EgressPolicy,
  type InjectedHeader,
  isEgressRule,
} from './egress-policy.ts';
export { EgressProxy } from './egress-proxy.ts';
