import type { BindingEndpoint, ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { isClosedAlready, policyOfEndpoints, type NetworkPolicy } from '../../../src/cli/endpoint-policy.ts';
import { parseLabels } from '../../../src/cli/egress-policy.ts';

const labels = { app: 'orders', tier: 'web' };

function binding(endpoints: readonly BindingEndpoint[]): ServiceBinding {
  return {
    metadata: { name: 'db', namespace: 'shop', uid: 'u' },
    spec: { instanceRef: { name: 'db' } },
    status: { endpoints },
  };
}

const endpoint = (
  host: string,
  protocol: BindingEndpoint['protocol'] = 'tcp',
  ports = ['5432'],
): BindingEndpoint => ({
  host,
  ports,
  protocol,
});

describe('P69 a NetworkPolicy for the endpoints of a binding', () => {
  it('lets the chosen Pods out to each address and port, and goes with the binding', () => {
    const endpoints = [
      endpoint('10.0.0.1', 'tcp', ['5432', '9000-9010']),
      endpoint('2001:db8::1', 'udp', ['53-53']),
      endpoint('10.0.0.2', 'all', ['1']),
    ];
    expect(policyOfEndpoints(binding(endpoints), labels)).toEqual({
      leftOut: [],
      policy: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: {
          name: 'db-egress',
          namespace: 'shop',
          ownerReferences: [
            { apiVersion: 'servicecatalog.k8s.io/v1beta1', kind: 'ServiceBinding', name: 'db', uid: 'u' },
          ],
        },
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ['Egress'],
          egress: [
            {
              to: [{ ipBlock: { cidr: '10.0.0.1/32' } }],
              ports: [
                { protocol: 'TCP', port: 5432 },
                { protocol: 'TCP', port: 9000, endPort: 9010 },
              ],
            },
            { to: [{ ipBlock: { cidr: '2001:db8::1/128' } }], ports: [{ protocol: 'UDP', port: 53 }] },
            {
              to: [{ ipBlock: { cidr: '10.0.0.2/32' } }],
              ports: ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ protocol, port: 1 })),
            },
          ],
        },
      },
    });
  });

  it.each(['::ffff:10.0.0.1', '::FFFF:a00:1', '0:0:0:0:0:ffff:10.0.0.1'])(
    'names the IPv4 address that %s is',
    (host) => {
      const { policy, leftOut } = policyOfEndpoints(binding([endpoint(host)]), labels);
      expect(policy?.spec.egress?.[0]?.to).toEqual([{ ipBlock: { cidr: '10.0.0.1/32' } }]);
      expect(leftOut).toEqual([]);
    },
  );

  it.each([
    'db.example',
    '10.0.0.0/8',
    '127.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:169.254.169.254',
    '0.0.0.0',
    'fe80::1',
  ])('has nothing of %s, and says so', (host) => {
    const { policy, leftOut } = policyOfEndpoints(binding([endpoint(host), endpoint('10.0.0.1')]), labels);
    expect(policy?.spec.egress).toHaveLength(1);
    expect(leftOut).toEqual([expect.stringContaining(`${host} (tcp 5432): `)]);
    expect(policyOfEndpoints(binding([endpoint(host)]), labels).policy).toBeUndefined();
  });

  it('is none without endpoints', () => {
    expect(policyOfEndpoints(binding([]), labels)).toEqual({ policy: undefined, leftOut: [] });
  });
});

describe('whether the way out is closed already', () => {
  const policy = (spec: NetworkPolicy['spec'], name = 'other'): NetworkPolicy => ({
    metadata: { name },
    spec,
  });
  it.each<[string, NetworkPolicy, boolean]>([
    ['all Pods', policy({ podSelector: {}, policyTypes: ['Egress'] }), true],
    ['no selector at all', policy({ policyTypes: ['Ingress', 'Egress'] }), true],
    [
      'fewer labels',
      policy({ podSelector: { matchLabels: { app: 'orders' } }, policyTypes: ['Egress'] }),
      true,
    ],
    ['rules, and no types', policy({ podSelector: {}, egress: [] }), true],
    ['the way in', policy({ podSelector: {}, policyTypes: ['Ingress'] }), false],
    ['no types', policy({ podSelector: {} }), false],
    ['other labels', policy({ podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Egress'] }), false],
    [
      'more labels',
      policy({ podSelector: { matchLabels: { ...labels, a: 'b' } }, policyTypes: ['Egress'] }),
      false,
    ],
    ['expressions', policy({ podSelector: { matchExpressions: [{}] }, policyTypes: ['Egress'] }), false],
    ['this very one', policy({ podSelector: {}, policyTypes: ['Egress'] }, 'db-egress'), false],
  ])('by a policy of %s', (_name, existing, isClosed) => {
    expect(isClosedAlready([existing], labels, 'db-egress')).toBe(isClosed);
  });
});

describe('--selector', () => {
  it('has labels', () => {
    expect(parseLabels('app=orders, tier=web')).toEqual(labels);
  });

  it.each(['', 'app', '=x', 'app=a=b', 'app=orders,', 'app!=x,'])('is not %j', (text) => {
    expect(() => parseLabels(text)).toThrow('it must be labels such as');
  });
});
