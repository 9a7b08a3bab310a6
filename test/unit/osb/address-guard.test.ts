import { isForbidden, isRefusedAddress, refusalOf } from '../../../src/osb/address-guard.ts';
import { brokerTargets } from '../../../src/osb/broker-targets.ts';

describe('no broker lives at', () => {
  it.each([
    ['the metadata service of most clouds', '169.254.169.254'],
    ['the metadata service of EC2 over IPv6', 'fd00:ec2::254'],
    ['the same, written at length', 'fd00:0ec2:0000:0000:0000:0000:0000:0254'],
    ['the metadata service of Google over IPv6', 'fd20:ce::254'],
    ['the metadata service of Alibaba', '100.100.100.200'],
    ['the wire server of Azure', '168.63.129.16'],
    ['the metadata service of Oracle', '192.0.0.192'],
    ['a link-local address', '169.254.1.1'],
    ['a link-local address of IPv6', 'fe80::1'],
    ['a link-local address with a zone', 'fe80::1%eth0'],
    ['the unspecified address', '0.0.0.0'],
    ['its network', '0.1.2.3'],
    ['the unspecified address of IPv6', '::'],
    ['a multicast group', '224.0.0.1'],
    ['a multicast group of IPv6', 'ff02::1'],
    ['the broadcast address', '255.255.255.255'],
    ['a mapped metadata service', '::ffff:169.254.169.254'],
    ['the same in hexadecimal', '::ffff:a9fe:a9fe'],
    ['a compatible metadata service', '::169.254.169.254'],
    ['a metadata service behind NAT64', '64:ff9b::a9fe:a9fe'],
    ['a metadata service behind 6to4', '2002:a9fe:a9fe::1'],
    ['a translated metadata service', '::ffff:0:169.254.169.254'],
    ['a metadata service behind a NAT64 of one’s own, /96', '64:ff9b:1::a9fe:a9fe'],
    ['the same, /96 of a subnet', '64:ff9b:1:2:3:4:a9fe:a9fe'],
    ['the same, /48', '64:ff9b:1:a9fe:a9:fe00::'],
    ['the same, /56', '64:ff9b:1:ffa9:fe:a9fe::'],
    ['the same, /64', '64:ff9b:1:ffff:a9:fea9:fe00:0'],
    ['something that is no address', 'localhost'],
  ])('%s', (_name, address) => {
    expect(isRefusedAddress(address, true)).toBe(true);
  });

  it.each(['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'])(
    'loopback (%s), unless allowed',
    (address) => {
      expect(isRefusedAddress(address, false)).toBe(true);
      expect(isRefusedAddress(address, true)).toBe(false);
    },
  );

  it.each([
    '10.0.0.1',
    '192.168.1.1',
    '8.8.8.8',
    '100.64.0.1',
    '2001:db8::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b:1::10.0.0.1',
    '1::',
  ])('but may well at %s', (address) => {
    expect(isRefusedAddress(address, false)).toBe(false);
  });
});

describe('where the brokers of tenants may live', () => {
  const tenant = brokerTargets(['*.brokers.example.com', 'osb.acme.example', '10.1.0.0/16', 'fd12::/32']);

  it.each([
    ['a.brokers.example.com', '8.8.8.8', false],
    ['A.Brokers.Example.com.', '8.8.8.8', false],
    ['brokers.example.com', '8.8.8.8', true],
    ['xbrokers.example.com', '8.8.8.8', true],
    ['osb.acme.example', '8.8.8.8', false],
    ['osb.acme.example.evil.example', '8.8.8.8', true],
    ['osb.shop.svc', '10.1.2.3', false],
    ['osb.shop.svc', '10.2.2.3', true],
    ['10.1.2.3', '10.1.2.3', false],
    ['fd12:0:1::1', 'fd12:0:1::1', false],
    // What nobody may reach is not reached by an allowed name either.
    ['a.brokers.example.com', '169.254.169.254', true],
  ])('%s at %s: forbidden %s', (host, address, expected) => {
    expect(isForbidden(host, address, { allowLoopback: false, tenant })).toBe(expected);
  });

  it('is anywhere in the cluster while nothing is said', () => {
    const anywhere = { allowLoopback: false, tenant: brokerTargets([]) };
    expect(isForbidden('osb.shop.svc', '10.2.2.3', anywhere)).toBe(false);
    expect(isForbidden('osb.shop.svc', '169.254.169.254', anywhere)).toBe(true);
  });

  it('tells a tenant no more than that it is not there, and an operator why', () => {
    const refused = refusalOf('osb.shop.svc', { allowLoopback: false, tenant });
    expect(refused).toMatchObject({ code: 'EHOSTUNREACH', message: 'not reachable' });
    expect(refusalOf('x', { allowLoopback: false }).message).toContain('link-local');
  });

  it.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/x', 'a_b', '*', 'http://x', '*.', 'x/24'])(
    'is not said by %j',
    (entry) => {
      expect(() => brokerTargets([entry])).toThrow(`"${entry}" is neither`);
    },
  );
});
