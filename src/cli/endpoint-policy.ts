import { isIP } from 'node:net';
import type { BindingEndpoint, ServiceBinding } from '../api/generated/service-binding.ts';
import { apiVersion } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';
import { isRefusedAddress, unmapped } from '../osb/address-guard.ts';

export type Labels = Readonly<Record<string, string>>;

/** A NetworkPolicy (`networking.k8s.io/v1`), as far as it is read or written here. */
export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: { readonly matchLabels?: Labels; readonly matchExpressions?: readonly unknown[] };
    readonly policyTypes?: readonly string[];
    readonly egress?: readonly EgressRule[];
  };
}

interface EgressRule {
  readonly to: readonly { readonly ipBlock: { readonly cidr: string } }[];
  readonly ports: readonly { readonly protocol: string; readonly port: number; readonly endPort?: number }[];
}

export interface EndpointPolicy {
  /** Undefined when no endpoint can be in one. */
  readonly policy: NetworkPolicy | undefined;
  /** Endpoints that are not in it, and why. */
  readonly leftOut: readonly string[];
}

/**
 * A NetworkPolicy that lets Pods out to the endpoints of a binding (OSB, Endpoint Object), and that goes with it. A NetworkPolicy
 * knows addresses and no names; what a name leads to now may be somebody else's tomorrow, so names are left out. So is what
 * no service has: loopback, link-local, metadata services, multicast.
 */
export function policyOfEndpoints({ metadata, status }: ServiceBinding, matchLabels: Labels): EndpointPolicy {
  const endpoints = status?.endpoints ?? [];
  const leftOut = endpoints.flatMap((endpoint) => {
    const why = whyNot(endpoint);
    return why === undefined
      ? []
      : [`${endpoint.host} (${endpoint.protocol} ${endpoint.ports.join(', ')}): ${why}`];
  });
  const egress = endpoints.filter((endpoint) => whyNot(endpoint) === undefined).map(ruleFor);
  if (egress.length === 0) return { policy: undefined, leftOut };
  const { name, namespace = '', uid = '' } = metadata;
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: policyName(name),
      namespace,
      ownerReferences: [{ apiVersion, kind: 'ServiceBinding', name, uid }],
    },
    spec: { podSelector: { matchLabels }, policyTypes: ['Egress'], egress },
  };
  return { policy, leftOut };
}

export function policyName(binding: string): string {
  return `${binding}-egress`;
}

/**
 * Whether some policy has closed the way out for Pods with these labels already. Only then does another one add something;
 * else it would close every way but its own. What is not sure is taken for no.
 * @param except name of the policy that does not count
 */
export function isClosedAlready(policies: readonly NetworkPolicy[], labels: Labels, except: string): boolean {
  return policies.some(({ metadata, spec }) => {
    const { matchLabels = {}, matchExpressions = [] } = spec.podSelector ?? {};
    const isOfEgress = spec.policyTypes?.includes('Egress') ?? spec.egress !== undefined;
    const chooses = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
    return metadata.name !== except && isOfEgress && chooses && matchExpressions.length === 0;
  });
}

function whyNot({ host }: BindingEndpoint): string | undefined {
  if (isIP(host) === 0) return 'a NetworkPolicy knows addresses and no names';
  return isRefusedAddress(host, false) ? 'no service has this address' : undefined;
}

const protocols = { tcp: ['TCP'], udp: ['UDP'], all: ['TCP', 'UDP', 'SCTP'] } as const;

function ruleFor({ host, ports, protocol }: BindingEndpoint): EgressRule {
  const address = unmapped(host);
  return {
    to: [{ ipBlock: { cidr: `${address}/${isIP(address) === 4 ? 32 : 128}` } }],
    ports: protocols[protocol].flatMap((name) => ports.map((port) => ({ protocol: name, ...portsOf(port) }))),
  };
}

/** `443`, or `9000-9010`. */
function portsOf(range: string): { readonly port: number; readonly endPort?: number } {
  const [first = 0, last] = range.split('-').map(Number);
  return last === undefined || last === first ? { port: first } : { port: first, endPort: last };
}
