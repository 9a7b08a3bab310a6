import type { Series } from './promtool.ts';

/** What a process said at /metrics. */
export interface Scrape {
  /** Label `instance` of its series. */
  readonly instance: string;
  readonly text: string;
  /** Seconds since the epoch. */
  readonly atSeconds: number;
}

export async function scrape(instance: string, adminUrl: string): Promise<Scrape> {
  const answer = await fetch(`${adminUrl}/metrics`);
  return { instance, text: await answer.text(), atSeconds: Date.now() / 1000 };
}

/**
 * What Prometheus would have after so many minutes in which things go on as between two scrapes of each process: gauges stay, counters
 * grow each minute by what they grew, an age grows with the time, and a point in time moves on as it did. Points in time are told by a
 * clock that began with the second scrape, as promtool's does.
 */
export function seriesOf(before: Scrape, after: Scrape, minutes: number): readonly Series[] {
  const counters = countersIn(after.text);
  const old = samplesIn(before.text);
  return [...samplesIn(after.text)].map(([name, value]) => {
    const family = /^[^{]+/.exec(name)?.[0] ?? '';
    if (/_time_seconds$|_not_after_seconds$/.test(family) && value > 0) {
      const moved = value - (old.get(name) ?? value);
      return { series: withInstance(name, after), values: `${value - after.atSeconds}+${moved}x${minutes}` };
    }
    if (family.endsWith('_age_seconds') && value > 0)
      return { series: withInstance(name, after), values: `${value}+60x${minutes}` };
    if (!counters.has(family)) return constant(name, after, value, minutes);
    const step = Math.max(0, value - (old.get(name) ?? 0));
    return { series: withInstance(name, after), values: `${value}+${step}x${minutes}` };
  });
}

function constant(name: string, of: Scrape, value: number, minutes: number): Series {
  return { series: withInstance(name, of), values: `${value}+0x${minutes}` };
}

/** `a{b="c"}` → `a{instance="x",job="bindery",b="c"}` */
function withInstance(name: string, { instance }: Scrape): string {
  const [, family = '', labels = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(name) ?? [];
  return `${family}{instance="${instance}",job="bindery"${labels === '' ? '' : `,${labels}`}}`;
}

function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Names of the samples that only grow. */
function countersIn(text: string): ReadonlySet<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) => {
      if (type === 'counter') return [name];
      return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [];
    }),
  );
}
