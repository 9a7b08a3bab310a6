import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LookupAddress } from 'node:dns';
import { NameLookup, type NameLookupDeps } from '../../../src/osb/name-lookup.ts';
import { NameServer, type Answer } from '../../support/name-server.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { clientOf, never } from './harness.ts';

const known = ['10.1.2.3', '10.1.2.4'];
const addresses = known.map((address) => ({ address, family: 4 }));
const notFound = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });

let directory: string;
let server: NameServer;
let answers: (name: string) => Answer;
/** What the operating system was asked for. */
let askedSystem: string[];
let nowMs: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'names-'));
  answers = (name) => (name === 'broker.test' ? known : 'not there');
  server = await NameServer.start((name) => answers(name));
  askedSystem = [];
  nowMs = 0;
});

afterEach(async () => {
  server.stop();
  await rm(directory, { recursive: true });
});

function lookup(deps: NameLookupDeps = {}): NameLookup {
  return new NameLookup({
    directory,
    servers: [server.address],
    stopwatch: { elapsedMs: () => nowMs },
    askSystem: (name) => {
      askedSystem.push(name);
      return Promise.reject(notFound);
    },
    ...deps,
  });
}

describe('the addresses of a name', () => {
  it('are those that the name servers give, without a word to the operating system', async () => {
    expect(await lookup().find('Broker.test')).toEqual(addresses);
    expect(askedSystem).toEqual([]);
  });

  it('are those of /etc/hosts, without a question', async () => {
    const hosts = '127.0.0.1 localhost # here\n\n10.9.9.9\tbroker.test  db.test\nfd00::9 db.test\n';
    await writeFile(join(directory, 'hosts'), hosts);
    expect(await lookup().find('DB.test')).toEqual([
      { address: '10.9.9.9', family: 4 },
      { address: 'fd00::9', family: 6 },
    ]);
    expect(server.questions).toEqual([]);
  });

  it('of a short name are found by the search list, as in a Pod', async () => {
    const search = 'search mine.svc.cluster.test svc.cluster.test cluster.test';
    await writeFile(
      join(directory, 'resolv.conf'),
      `nameserver 127.0.0.1\n${search}\noptions ndots:5 edns0\n`,
    );
    answers = (name) => (name === 'broker.tools.svc.cluster.test' ? known : 'not there');
    expect(await lookup().find('broker.tools')).toEqual(addresses);
    expect(server.asked).toEqual(['broker.tools.mine.svc.cluster.test', 'broker.tools.svc.cluster.test']);
    expect(await lookup().find('broker.tools.svc')).toEqual(addresses);
  });

  it('are looked for under the name itself first when it has dots enough, or ends with one', async () => {
    await writeFile(join(directory, 'resolv.conf'), 'search cluster.test\n');
    expect(await lookup().find('broker.test')).toEqual(addresses);
    await writeFile(join(directory, 'resolv.conf'), 'search cluster.test\noptions ndots:5\n');
    expect(await lookup().find('broker.test.')).toEqual(addresses);
    expect(server.asked).toEqual(['broker.test', 'broker.test']);
  });

  it('are those that the operating system knows, when the name servers know none', async () => {
    const fromSystem: LookupAddress[] = [{ address: '10.7.7.7', family: 4 }];
    const names = lookup({ askSystem: () => Promise.resolve(fromSystem) });
    expect(await names.find('printer.local')).toEqual(fromSystem);
  });
});

describe('a name that is looked up', () => {
  it('is looked up once, however many ask', async () => {
    const names = lookup();
    const all = await Promise.all(Array.from({ length: 50 }, () => names.find('broker.test')));
    expect(all.every((found) => found.length === 2)).toBe(true);
    expect(server.asked).toEqual(['broker.test']);
    await names.find('broker.test');
    expect(server.asked).toEqual(['broker.test', 'broker.test']);
  });

  it('in vain is left alone for ten seconds', async () => {
    const names = lookup();
    await expect(names.find('nobody.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(names.find('nobody.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(server.asked).toEqual(['nobody.test']);
    answers = () => known;
    nowMs = 10_000;
    expect(await names.find('nobody.test')).toEqual(addresses);
  });

  it('is given up when nobody answers in time, and the operating system is not asked', async () => {
    answers = () => 'silence';
    await expect(lookup({ deadlineMs: 100 }).find('broker.test')).rejects.toMatchObject({
      code: 'EAI_AGAIN',
    });
    expect(askedSystem).toEqual([]);
  });

  it('is given up when the operating system does not answer in time, and those behind it are not asked for', async () => {
    const names = lookup({
      deadlineMs: 1_000,
      askSystem: (name) => {
        askedSystem.push(name);
        return new Promise(() => undefined);
      },
    });
    const searches = ['a.local', 'b.local', 'c.local'].map((name) => names.find(name));
    for (const found of await Promise.allSettled(searches)) {
      expect(found).toMatchObject({ status: 'rejected', reason: { code: 'EAI_AGAIN' } });
    }
    // Which of them comes first is for the name server to say.
    expect(askedSystem).toHaveLength(1);
  });
});

it.each<[string, Answer]>([
  ['no name server answers for', 'silence'],
  ['the operating system alone may know', 'not there'],
])(
  'forty brokers with names that %s, and never come back, keep no other from its catalog',
  async (_what, answer) => {
    answers = (name) => (name === 'broker.test' ? ['127.0.0.1'] : answer);
    const names = lookup({ askSystem: () => new Promise(() => undefined) });
    await using broker = await TestBroker.start();
    const url = broker.url.replace('127.0.0.1', 'broker.test');
    const stop = new AbortController();
    const stuck = Array.from({ length: 40 }, async (_, number) => {
      const client = clientOf(broker, { names, url: `http://nobody-${number}.test`, environment: {} });
      const outcome = await client.catalog({}, stop.signal);
      await client.close();
      return outcome;
    });
    const client = clientOf(broker, { names, url, environment: {} });
    const startedMs = performance.now();
    expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    await client.close();
    stop.abort();
    for (const outcome of await Promise.all(stuck)) expect(outcome).toMatchObject({ kind: 'failed' });
  },
  20_000,
);
