import { markSecret, plantSecret, secretsIn } from '../../../support/secrecy/secret-markers.ts';

describe('a marked secret', () => {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  it.each([
    ['in clear', (secret) => `password=${secret}&`],
    ['as base64', encoded],
    ['as base64url', (secret) => Buffer.from(secret).toString('base64url')],
    ['one byte into what was encoded', (secret) => encoded(`:${secret}\n`)],
    ['two bytes into it', (secret) => encoded(`u:${secret}\n`)],
    ['many bytes into it', (secret) => encoded(`username:${secret}\n`)],
  ] as readonly [string, (secret: string) => string][])('is found %s', (_form, write) => {
    const secret = plantSecret();
    plantSecret();
    expect(secretsIn(`first\n${write(secret)}\nlast`)).toEqual([secret]);
  });

  it('is not found in a part of it, nor in nothing', () => {
    const secret = plantSecret();
    expect(secretsIn(secret.slice(0, -1))).toEqual([]);
    expect(secretsIn('')).toEqual([]);
  });

  it('may have been made elsewhere, when it is long enough', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
    expect(secretsIn(`key: ${markSecret(line)}`)).toEqual([line]);
    expect(() => markSecret('short')).toThrow('too short');
  });
});
