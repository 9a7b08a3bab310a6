import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 when it did what it was asked. */
  readonly code: number;
}

export interface KubectlCall {
  /** Path of kubectl, or its name on the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment, with KUBECONFIG. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard input, for `-f -`. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs kubectl to its end.
 * @throws when it can not be started, was aborted or needs longer than `timeoutMs` (60 s by default)
 */
export async function runKubectl(call: KubectlCall): Promise<KubectlResult> {
  const deadline = AbortSignal.timeout(call.timeoutMs ?? 60_000);
  const child = spawn(call.command, call.args, {
    env: call.env,
    signal: call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]),
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128 + 9));
  });
  // kubectl may end without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.input ?? '');
  const [code, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code };
}
