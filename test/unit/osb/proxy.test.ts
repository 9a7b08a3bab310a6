import { proxyFor } from '../../../src/osb/proxy.ts';

const through = (url: string, environment: Record<string, string>): string | undefined =>
  proxyFor(new URL(url), environment);

describe('the proxy of the environment', () => {
  it.each([
    ['http://b.example', { HTTP_PROXY: 'http://p:3128' }, 'http://p:3128'],
    ['https://b.example', { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128'],
    ['https://b.example', { HTTP_PROXY: 'http://p:3128' }, undefined],
    ['http://b.example', { HTTPS_PROXY: 'http://p:3128' }, undefined],
    ['http://b.example', { http_proxy: 'http://low', HTTP_PROXY: 'http://UP' }, 'http://low'],
    ['http://b.example', { HTTP_PROXY: 'p:3128' }, 'http://p:3128'],
    ['http://b.example', { HTTP_PROXY: ' ' }, undefined],
    ['http://b.example', {}, undefined],
  ])('%s with %j is %s', (url, environment, expected) => {
    expect(through(url, environment)).toBe(expected);
  });

  it.each([
    ['*', 'http://anything.example'],
    ['b.example', 'http://b.example'],
    ['b.example', 'http://deep.b.example'],
    ['B.Example', 'http://b.example'],
    ['.b.example', 'http://deep.b.example'],
    ['*.b.example', 'http://deep.b.example'],
    ['x, b.example ,y', 'http://b.example'],
    ['b.example:8080', 'http://b.example:8080'],
    ['b.example:80', 'http://b.example'],
    ['10.1.2.3', 'http://10.1.2.3'],
    ['10.0.0.0/8', 'http://10.1.2.3:8080'],
    ['fd00::/8', 'http://[fd12::1]'],
    ['::1', 'http://[::1]'],
    ['', 'http://localhost:8080'],
    ['', 'http://127.0.0.1:8080'],
  ])('is passed by with NO_PROXY=%s for %s', (noProxy, url) => {
    expect(through(url, { HTTP_PROXY: 'http://p', NO_PROXY: noProxy })).toBeUndefined();
  });

  it.each([
    ['b.example', 'http://notb.example'],
    ['.b.example', 'http://b.example'],
    ['b.example:8080', 'http://b.example'],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['10.0.0.0/99', 'http://10.1.2.3'],
    ['10.0.0.0/8', 'http://ten.example'],
    ['0.0.1', 'http://10.0.0.1'],
    ['fd00::/8', 'http://10.1.2.3'],
  ])('is used in spite of NO_PROXY=%s for %s', (noProxy, url) => {
    expect(through(url, { HTTP_PROXY: 'http://p', NO_PROXY: noProxy })).toBe('http://p');
  });
});
