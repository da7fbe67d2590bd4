export type { EgressAudit } from './egress-audit.ts';
export {
  allowsHost,
  defaultEgressBytes,
  type EgressPolicy,
  type EgressService,
  type InjectedHeader,
  isEgressRule,
} from './egress-policy.ts';
export { EgressProxy, type EgressProxySettings } from './egress-proxy.ts';
