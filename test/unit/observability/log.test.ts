import { PassThrough } from 'node:stream';
import type { LogFields } from '../../../src/base/logger.ts';
import { createLogger, type LogLevel } from '../../../src/observability/log.ts';

function recorded(level: LogLevel): {
  readonly lines: string[];
  readonly logger: ReturnType<typeof createLogger>;
} {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level, destination: { write: (line) => lines.push(line) } }) };
}

function fields(value: unknown): LogFields {
  return value as LogFields;
}

it('a line is JSON with the level by name, the time in ISO form, the fields and the message', () => {
  const { lines, logger } = recorded('info');
  logger.info({ controller: 'instances', attempts: 3, dryRun: false }, 'reconciled');
  const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
  expect(rest).toEqual({
    level: 'info',
    controller: 'instances',
    attempts: 3,
    dryRun: false,
    msg: 'reconciled',
  });
  expect(new Date(time as string).toISOString()).toBe(time);
  expect(lines[0]!.endsWith('}\n')).toBe(true);
});

describe('levels', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('%s lets through %j', (level, expected) => {
    const { lines, logger } = recorded(level);
    for (const spoken of ['debug', 'info', 'warn', 'error'] as const) logger[spoken]({}, 'a message');
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
  });
});

it('only strings, numbers and booleans are written, whatever comes through a cast', () => {
  const { lines, logger } = recorded('info');
  const secret = { metadata: { name: 'db' }, data: { password: 'aHVudGVyMg==' } };
  const failure = Object.assign(new Error('no'), { body: 'hunter2', token: 'hunter2' });
  logger.info(fields({ secret, list: ['hunter2'], err: failure, error: failure, none: null }), 'careful');
  logger.info(fields(failure), 'careful');
  logger.info(fields({ show: () => 'hunter2', huge: 12n, kept: undefined }), 'careful');
  expect(lines.join('')).not.toMatch(/hunter2|aHVudGVyMg/);
  expect(JSON.parse(lines[0]!)).toMatchObject({ secret: '[object]', list: '[object]', err: '[object]' });
  expect(JSON.parse(lines[1]!)).toMatchObject({ error: 'no', errorType: 'Error', msg: 'careful' });
  expect(JSON.parse(lines[2]!)).toMatchObject({ show: '[function]', huge: '[bigint]' });
  expect(lines[2]).not.toContain('kept');
});

it.each([
  ['line feeds', 'first\nsecond {"level":"error"}'],
  ['quotes and backslashes', '"\\"'],
  ['control characters', '\u0000\u001b[31mred'],
  ['half a surrogate pair', '\ud800'],
  ['a long text with all of them', `${'x'.repeat(60)}\n"\u0000`],
])('text with %s stays in one line and comes back as it was', (_title, text) => {
  const { lines, logger } = recorded('info');
  logger.info({ text }, text);
  expect(lines).toHaveLength(1);
  expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
  const { text: field, msg } = JSON.parse(lines[0]!) as { text: string; msg: string };
  expect([field, msg]).toEqual([text, text]);
});

it('a text of megabytes is cut', () => {
  const { lines, logger } = recorded('info');
  logger.info({ answer: 'x'.repeat(1_000_000) }, 'y'.repeat(1_000_000));
  expect(lines[0]!.length).toBeLessThan(10_000);
  expect(lines[0]).toContain('(1000000 characters)');
});

it('a field can not pass for the level, the time or the message', () => {
  const { lines, logger } = recorded('info');
  logger.info({ level: 'error', time: 'never', msg: 'forged' }, 'real');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    level_: 'error',
    time_: 'never',
    msg: 'real',
    msg_: 'forged',
  });
  expect(lines[0]!.match(/"level":/g)).toHaveLength(1);
});

it('numbers that JSON has no word for are written as text', () => {
  const { lines, logger } = recorded('info');
  logger.info({ ratio: Number.NaN, limit: Number.POSITIVE_INFINITY }, 'odd');
  expect(JSON.parse(lines[0]!)).toMatchObject({ ratio: 'NaN', limit: 'Infinity' });
});

it('writes to a stream, too', () => {
  const stream = new PassThrough();
  createLogger({ level: 'info', destination: stream }).warn({ a: 1 }, 'through');
  expect(JSON.parse(String(stream.read()))).toMatchObject({ level: 'warn', a: 1, msg: 'through' });
});
