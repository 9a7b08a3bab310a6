import type { BrokerReport, Verdict } from './probe-broker.ts';
import type { Step, StepResult } from './probe-steps.ts';
import { wrapped } from './terminal.ts';

const words: Readonly<Record<StepResult, string>> = {
  ok: 'ok',
  warning: 'WARNING',
  failed: 'FAILED',
  unknown: 'unknown',
  'not-reached': '-',
  'not-used': 'not used',
};

const sentences: Readonly<Record<Verdict, string>> = {
  good: 'good: it can be registered as it is',
  problems: 'usable, with problems',
  unusable: 'not usable',
};

const nameWidth = 12;
const wordWidth = 10;

/** A report for people: two aligned columns, and text wrapped to so many characters. */
export function reportText(report: BrokerReport, columns: number): string {
  const { url, apiVersion, steps, counts, problems, verdict, next } = report;
  return [
    `${url}, OSB ${apiVersion}`,
    '',
    ...steps.flatMap((step) => stepLines(step, columns)),
    ...(counts === null
      ? []
      : ['', `${number(counts.services, 'service')}, ${number(counts.plans, 'plan')}`]),
    ...(problems.length === 0 ? [] : ['', 'Problems of the catalog:']),
    ...problems.flatMap(({ path, name, message }) =>
      wrapped(`${path} ${message}${name === undefined ? '' : ` (of "${name}")`}`, '  ', '    ', columns),
    ),
    '',
    sentences[verdict],
    ...wrapped(`next: ${next}`, '', '      ', columns),
  ].join('\n');
}

function stepLines({ step, result, reason, message }: Step, columns: number): readonly string[] {
  const head = `${step.padEnd(nameWidth)}${words[result].padEnd(wordWidth)}`;
  const text = [reason, message].filter((part) => part !== undefined).join(': ');
  return wrapped(text, head, ' '.repeat(head.length), columns);
}

function number(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
