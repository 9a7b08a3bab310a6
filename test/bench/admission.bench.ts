/** Bindery's webhook server beside a bare node:https server: throughput, latency, CPU time and memory. */
import { setTimeout as delay } from 'node:timers/promises';
import { mebibyte, peakBytes, residentBytes } from '../support/peak-memory.ts';
import { hostileReviews, send } from './admission/hostile.ts';
import type { Target } from './admission/https-connection.ts';
import { saturate, steady, type LoadResult } from './admission/load.ts';
import { large, podReview, small, type ReviewSize } from './admission/reviews.ts';
import { ServerChild } from './admission/server-child.ts';
import { selfSignedPair } from './admission/serving-pair.ts';
import { startShippedWebhook } from './admission/shipped-webhook.ts';
import { alone, compared, median, quantile, type BenchOptions, type Measure } from './measure.ts';

export const summary = "Bindery's webhook server against a bare node:https server, both under TLS";

const rounds = 3;
const connections = 16;
const perSecond = 200;
const path = '/pods?timeout=5s';
const hostileRepeats = 7;
const attackers = 2;
const crowd = 24;
const crowdRepeats = 12;
/** The API server's limit for a request, what is common for an attack, and what is parsed at most. */
const hostileSizes = [
  ['3 MiB', 3_000_000],
  ['1 MiB', 1_000_000],
  ['¼ MiB', 260_000],
] as const;

interface Contender {
  readonly name: string;
  readonly server: ServerChild;
  readonly throughput: Map<string, LoadResult[]>;
  readonly cpuMicrosecondsPerRequest: Map<string, number[]>;
  readonly latenciesMs: number[];
  readonly idleRssBytes: number;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  const pair = selfSignedPair();
  const programs = {
    bare: new URL('admission/bare-server.ts', import.meta.url),
    bindery: new URL('admission/bindery-server.ts', import.meta.url),
  };
  const servers: ServerChild[] = [];
  try {
    const contenders: Contender[] = [];
    for (const [name, program] of Object.entries(programs)) {
      const server = await ServerChild.start(program, pair);
      servers.push(server);
      const { rssBytes } = await server.usage();
      contenders.push({
        name,
        server,
        throughput: new Map(),
        cpuMicrosecondsPerRequest: new Map(),
        latenciesMs: [],
        idleRssBytes: rssBytes,
      });
    }
    await measureAll(contenders, pair.cert, options);
    const measures = results(contenders);
    const [bare] = contenders;
    if (bare === undefined) throw new Error('two servers are compared');
    return [
      ...measures,
      ...(await hostile(contenders, pair.cert, options)),
      ...(await memory(bare, pair.cert, options)),
    ];
  } finally {
    await Promise.all(servers.map(async (server) => server.stop()));
  }
}

async function measureAll(
  contenders: readonly Contender[],
  ca: string,
  options: BenchOptions,
): Promise<void> {
  const seconds = options.seconds ?? 3;
  for (const size of [small, large]) {
    for (const { server } of contenders) {
      await saturate({ port: server.port, ca, path }, podReview(size), { connections, seconds: 1 });
    }
  }
  for (let round = 1; round <= rounds; round++) {
    // Taken in turn, each round the other way round, so that a machine that slows down treats both alike.
    const order = round % 2 === 1 ? contenders : contenders.toReversed();
    for (const contender of order) {
      options.signal.throwIfAborted();
      options.progress(`round ${round} of ${rounds}: ${contender.name}`);
      for (const size of [small, large]) await measureThroughput(contender, size, ca, seconds);
    }
    options.progress(`round ${round} of ${rounds}: latency`);
    await measureLatency(contenders, ca, Math.max(8, seconds));
  }
}

async function measureThroughput(
  contender: Contender,
  size: ReviewSize,
  ca: string,
  seconds: number,
): Promise<void> {
  const { server, throughput, cpuMicrosecondsPerRequest } = contender;
  const before = await server.usage();
  const result = await saturate({ port: server.port, ca, path }, podReview(size), { connections, seconds });
  const after = await server.usage();
  append(throughput, size.name, result);
  append(
    cpuMicrosecondsPerRequest,
    size.name,
    (after.cpuMicroseconds - before.cpuMicroseconds) / result.requests,
  );
}

/**
 * All servers at the same time, each request to one followed by one to the other: at this rate they do not get
 * in each other's way, and what disturbs the machine for a moment disturbs both.
 */
async function measureLatency(contenders: readonly Contender[], ca: string, seconds: number): Promise<void> {
  const review = podReview(small);
  const stretches = contenders.map(async ({ server, latenciesMs }, index) => {
    await delay((index * 1000) / perSecond / contenders.length);
    const load = { connections, perSecond, seconds };
    latenciesMs.push(...(await steady({ port: server.port, ca, path }, review, load)));
  });
  await Promise.all(stretches);
}

function results(contenders: readonly Contender[]): readonly Measure[] {
  const [bare, bindery] = contenders;
  if (bare === undefined || bindery === undefined) throw new Error('two servers are compared');
  const measures: Measure[] = [];
  const add = (name: string, unit: string, of: (contender: Contender) => number): void => {
    measures.push(compared(name, unit, of(bindery), of(bare)));
  };
  for (const { name } of [small, large]) {
    add(`throughput, ${name}`, 'reviews/s', (contender) =>
      median((contender.throughput.get(name) ?? []).map((item) => item.requests / item.seconds)),
    );
    add(`server CPU per review, ${name}`, 'µs', (contender) =>
      median(contender.cpuMicrosecondsPerRequest.get(name) ?? []),
    );
  }
  const at = `at ${perSecond}/s, ${small.name}`;
  add(`latency p50 ${at}`, 'ms', ({ latenciesMs }) => quantile(latenciesMs, 0.5));
  add(`latency p99 ${at}`, 'ms', ({ latenciesMs }) => quantile(latenciesMs, 0.99));
  return measures;
}

/** One tenant sends huge Pods, without a pause: what each costs, and what the others notice of it. */
async function hostile(
  contenders: readonly Contender[],
  ca: string,
  { signal, progress, seconds = 6 }: BenchOptions,
): Promise<readonly Measure[]> {
  const [bare, bindery] = contenders;
  if (bare === undefined || bindery === undefined) throw new Error('two servers are compared');
  const measures: Measure[] = [];
  for (const [size, sizeBytes] of hostileSizes) {
    signal.throwIfAborted();
    progress(`hostile Pods of ${size}`);
    const reviews = hostileReviews(sizeBytes);
    for (const [kind, review] of reviews) {
      const [cost, floor] = [await cpuMs(bindery, ca, review), await cpuMs(bare, ca, review)];
      measures.push(compared(`CPU of ${size}: ${kind}`, 'ms', cost, floor));
    }
    const [late, lateBare] = [
      await p99Meanwhile(bindery, ca, [...reviews.values()], seconds),
      await p99Meanwhile(bare, ca, [...reviews.values()], seconds),
    ];
    measures.push(compared(`p99 at ${perSecond}/s beside Pods of ${size}`, 'ms', late, lateBare));
  }
  return measures;
}

/** The memory of what ships: the bundle, in a cluster. It is compared with a bare server that does the same. */
async function memory(bare: Contender, ca: string, options: BenchOptions): Promise<readonly Measure[]> {
  await using cleanUp = new AsyncDisposableStack();
  const { process, target } = await startShippedWebhook(options, cleanUp);
  const before = await residentBytes(process);
  for (const size of [small, large]) {
    await saturate(target, podReview(size), { connections, seconds: options.seconds ?? 3 });
  }
  const after = await residentBytes(process);
  for (const [size, sizeBytes] of hostileSizes) {
    options.signal.throwIfAborted();
    options.progress(`hostile Pods of ${size}, from ${crowd} clients`);
    const reviews = [...hostileReviews(sizeBytes).values()];
    await sendFromMany(target, reviews);
    await sendFromMany({ port: bare.server.port, ca, path }, reviews);
  }
  const peak = await peakBytes(process);
  const later = await residentBytes(process);
  const { peakRssBytes, rssBytes } = await bare.server.usage();
  const mebibytes = (name: string, bytes: number, of: number): Measure =>
    compared(`resident memory of the bundle ${name}`, 'MiB', bytes / mebibyte, of / mebibyte);
  return [
    mebibytes('before load', before, bare.idleRssBytes),
    alone('resident memory of the bundle after load', 'MiB', after / mebibyte),
    mebibytes(`at most, also with Pods of ${crowd} clients at once`, peak, peakRssBytes),
    mebibytes('after them', later, rssBytes),
  ];
}

/** What one such review costs the server, all its threads, at the median. */
async function cpuMs({ server }: Contender, ca: string, review: string): Promise<number> {
  const target = { port: server.port, ca, path };
  await send(target, review, 1);
  const costs: number[] = [];
  for (let count = 0; count < hostileRepeats; count++) {
    const before = await server.usage();
    await send(target, review, 1);
    costs.push(((await server.usage()).cpuMicroseconds - before.cpuMicroseconds) / 1000);
  }
  return median(costs);
}

async function sendFromMany(target: Target, reviews: readonly string[]): Promise<void> {
  const clients = Array.from({ length: crowd }, async (_, index) =>
    send(target, reviews[index % reviews.length] ?? '', crowdRepeats),
  );
  await Promise.all(clients);
}

async function p99Meanwhile(
  { server }: Contender,
  ca: string,
  reviews: readonly string[],
  seconds: number,
): Promise<number> {
  const target = { port: server.port, ca, path };
  const over = new AbortController();
  const attack = Array.from({ length: attackers }, async (_, index) => {
    for (let at = index; !over.signal.aborted; at++)
      await send(target, reviews[at % reviews.length] ?? '', 1);
  });
  const latencies = await steady(target, podReview(small), { connections, perSecond, seconds });
  over.abort();
  await Promise.all(attack);
  return quantile(latencies, 0.99);
}

function append<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
