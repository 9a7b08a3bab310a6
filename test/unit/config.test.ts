import type { NetworkInterfaceInfo } from 'node:os';
import { everyHost } from '../../src/base/every-host.ts';
import { durationMs, parseConfig } from '../../src/config.ts';

describe('config', () => {
  it('has working defaults for every flag', () => {
    expect(parseConfig({}, {})).toMatchObject({
      namespace: 'bindery-system',
      adminListen: { host: everyHost(), port: 8081 },
      webhook: { listen: { host: everyHost(), port: 8443 }, url: undefined },
      controller: { isLeaderElected: true, brokerTimeoutMs: 60_000, allowLoopbackBrokers: false },
    });
  });

  it('takes the environment for what the command line does not say', () => {
    const environment = { BINDERY_LOG_LEVEL: 'debug', BINDERY_NAMESPACE: 'env' };
    expect(parseConfig({ namespace: 'flag' }, environment)).toMatchObject({
      logLevel: 'debug',
      namespace: 'flag',
    });
  });

  it.each([
    [{ brokerTimeout: 'soon' }, '--broker-timeout is "soon"; it must be a duration'],
    [{ listen: '8443' }, '--listen is "8443"; it must be host:port'],
    [{ adminListen: '127.0.0.1:99999' }, '--admin-listen'],
    [{ webhookUrl: 'http://x' }, '--webhook-url is "http://x"; it must be an https URL'],
    [{ concurrency: '0' }, '--concurrency is "0"; it must be a whole number from 1 to 1000'],
    [{ leaderElect: 'maybe' }, '--leader-elect is "maybe"; it must be true or false'],
    [{ logLevel: 'loud' }, '--log-level is "loud"; it must be one of debug, info, warn, error, silent'],
    [{ clientNames: 'apiserver' }, '--client-names needs --client-ca-file'],
    [{ namespaces: 'a,,b' }, '--namespaces: "" is no name of a namespace'],
    [{ namespaces: 'a;b' }, '--namespaces: "a;b" is no name of a namespace'],
    [{ namespaces: 'a,bindery-system' }, '--namespaces: nothing is served in "bindery-system"'],
    [{ namespaces: 'kube-system' }, '--namespaces: nothing is served in "kube-system"'],
    [{ namespace: 'A_B' }, '--namespace is "A_B"; it must be a Kubernetes name'],
  ])('%j: %s', (raw, message) => {
    expect(() => parseConfig(raw, {})).toThrow(message);
  });

  it('serves all namespaces, or some, and then nothing that is offered in the cluster', () => {
    expect(parseConfig({}, {})).toMatchObject({ namespaces: undefined });
    const some = parseConfig({ namespaces: 'b, a,b' }, {});
    expect(some).toMatchObject({ namespaces: ['a', 'b'], controller: { offersUserProvided: false } });
  });

  it('lets anybody call the webhook, or those with a certificate, by any name or by some', () => {
    expect(parseConfig({}, {}).webhook).toMatchObject({ clientCaFile: undefined, clientNames: [] });
    const raw = { clientCaFile: '/etc/ca.crt', clientNames: 'apiserver, other' };
    expect(parseConfig(raw, {}).webhook).toMatchObject({
      clientCaFile: '/etc/ca.crt',
      clientNames: ['apiserver', 'other'],
    });
  });

  it.each([
    ['[::1]:8443', { host: '::1', port: 8443 }],
    [':8443', { host: everyHost(), port: 8443 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('reads the address %s', (listen, expected) => {
    expect(parseConfig({ listen }, {}).webhook.listen).toEqual(expected);
  });

  it.each([
    ['IPv4 alone', ['IPv4'], '0.0.0.0'],
    ['IPv6 alone', ['IPv6'], '::'],
    ['both', ['IPv4', 'IPv6'], '::'],
    ['nothing', [], '0.0.0.0'],
  ] as const)('listens on all interfaces of a host with %s', (_title, families, expected) => {
    const addresses = families.map((family) => ({ family }) as NetworkInterfaceInfo);
    expect(everyHost({ eth0: addresses, tun0: undefined })).toBe(expected);
  });

  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['', undefined],
    ['5', undefined],
    ['0s', undefined],
    ['-1s', undefined],
  ])('reads the duration %j', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });
});
