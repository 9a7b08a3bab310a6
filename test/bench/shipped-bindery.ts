import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BinderyProcess, type BinderyOptions } from '../../demo/bindery-process.ts';
import { nodeFlags } from '../cluster/node/image-content.ts';
import { shippedEnvironment } from './shipped-environment.ts';

const root = join(import.meta.dirname, '..', '..');

/** The bundle that `buildBundle` makes. */
export const program = join(root, 'dist', 'bindery.js');

export async function buildBundle(signal: AbortSignal): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'build.ts')], { signal });
}

/** A role as the image and the manifests start it. */
export async function startShipped(options: Omit<BinderyOptions, 'program'>): Promise<BinderyProcess> {
  const env = await shippedEnvironment(options.role === 'webhook' ? 'webhook' : 'controller');
  return BinderyProcess.start({ ...options, program, nodeFlags, env });
}
