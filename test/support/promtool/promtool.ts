import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programDirectory, reasonToSkip, type ForeignProgram } from '../foreign-program.ts';

const run = promisify(execFile);

const program: ForeignProgram = {
  folder: join(import.meta.dirname, 'promtool'),
  needs: [['go', 'version']],
  build: (into) => {
    // Without the clients of every cloud that Prometheus finds its targets in.
    const small = ['-tags=remove_all_sd', '-ldflags=-s -w', '-trimpath', '-buildvcs=false'];
    return [
      'go',
      'build',
      ...small,
      '-o',
      join(into, 'promtool'),
      'github.com/prometheus/prometheus/cmd/promtool',
    ];
  },
};

/** Why rules can not be told here; undefined where they can. */
export const reasonNotToTellRules = reasonToSkip(program);

/** Builds promtool, which takes minutes once. */
export async function findPromtool(): Promise<string> {
  return join(await programDirectory(program), 'promtool');
}

/** One series. `values` are those of minute 0, 1, 2, …, in the notation of promtool: `0+5x60`. */
export interface Series {
  /** `bindery_leader{instance="a"}` */
  readonly series: string;
  readonly values: string;
}

/**
 * Says how promtool sees the alerts of a file of rules: exactly these fire after so many minutes of these series.
 * @returns what differs, undefined if nothing does
 */
export async function differingAlerts(
  promtool: string,
  rules: string,
  series: readonly Series[],
  minutes: number,
  firing: readonly string[],
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-rules-'));
  try {
    const question = {
      rule_files: [rules],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: series,
          promql_expr_test: [
            {
              expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
              eval_time: `${minutes}m`,
              exp_samples: firing.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
            },
          ],
        },
      ],
    };
    const file = join(directory, 'question.json');
    await writeFile(file, JSON.stringify(question));
    await run(promtool, ['test', 'rules', file], { maxBuffer: 16 * 1024 ** 2 });
    return undefined;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    return `${stdout}${stderr}` || String(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
