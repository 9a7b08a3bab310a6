import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { freePort } from '../../support/free-port.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';

jest.setTimeout(60_000);

const script = join(import.meta.dirname, '../../../scripts/test-broker.ts');

function start(args: readonly string[]) {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
}

describe('npm run test-broker', () => {
  it('fails as told', async () => {
    const port = await freePort();
    const child = start(['--port', String(port), '--fail', 'catalog=503']);
    const closed = once(child, 'close');
    try {
      for await (const line of createInterface(child.stdout)) if (line.includes('url ')) break;
      const authorization = `Basic ${Buffer.from('broker:broker').toString('base64')}`;
      const headers = { authorization, 'x-broker-api-version': '2.17' };
      const answer = await fetch(`http://127.0.0.1:${port}/v2/catalog`, { headers });
      expect(answer.status).toBe(503);
    } finally {
      child.kill();
      await closed;
    }
  });

  it.each([
    ['an unknown option', ['--bogus'], "Unknown option '--bogus'"],
    ['a port that is none', ['--port', 'abc'], '--port needs a number up to 65535, not "abc".'],
    ['an unknown operation', ['--hang', 'sleep'], '--hang needs one of catalog, provision, '],
    [
      'no status',
      ['--fail', 'bind'],
      '--fail needs an operation and a status, such as bind=500, not "bind".',
    ],
  ])('says in one line what is wrong with %s', async (_name, args, message) => {
    const child = start(args);
    const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect(code).toBe(1);
    expect(told).toContain(message);
    expect(told.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says which port is in use', async () => {
    await using other = await TestBroker.start();
    const child = start(['--port', String(other.port)]);
    expect(await text(child.stderr)).toBe(`127.0.0.1:${other.port} is in use; choose another --port.\n`);
  });
});
