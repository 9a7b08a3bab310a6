import { isRefusedAddress } from '../../../src/osb/address-guard.ts';

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
    '1::',
  ])('but may well at %s', (address) => {
    expect(isRefusedAddress(address, false)).toBe(false);
  });
});
