import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BinderyProcess } from '../../demo/bindery-process.ts';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { nodeFlags } from '../cluster/node/image-content.ts';
import { freePort } from '../support/free-port.ts';
import { controllerEnvironment } from './controller-environment.ts';
import type { BenchOptions } from './measure.ts';

export const roles = ['webhook', 'controller'] as const;
export type Role = (typeof roles)[number];

/** A control plane in which Bindery is installed, and its roles: one process each, as in the image. */
export interface InstalledRoles {
  readonly plane: ControlPlane;
  /** Resolves when it is ready. */
  readonly start: (role: Role) => Promise<BinderyProcess>;
}

/** @param cleanUp gets what is to be done when the bench ends */
export async function installRoles(
  { progress, signal }: BenchOptions,
  cleanUp: AsyncDisposableStack,
): Promise<InstalledRoles> {
  progress('control plane');
  const plane = await startControlPlane({ log: progress, signal });
  cleanUp.defer(async () => plane.stop());
  const root = join(import.meta.dirname, '..', '..');
  const program = join(root, 'dist', 'bindery.js');
  const { kubeconfig } = plane;
  const listen = `127.0.0.1:${await freePort()}`;
  const webhookUrl = `--webhook-url=https://${listen}`;
  await node([join(root, 'scripts', 'build.ts')], signal);
  await node([program, 'install', `--kubeconfig=${kubeconfig}`, webhookUrl], signal);
  return {
    plane,
    start: async (role) => {
      // The last of two equal flags counts.
      const args = role === 'webhook' ? [`--listen=${listen}`, webhookUrl] : [];
      const env = role === 'controller' ? await controllerEnvironment() : {};
      return BinderyProcess.start({ kubeconfig, signal, program, nodeFlags, env, role, args });
    },
  };
}

async function node(args: readonly string[], signal: AbortSignal): Promise<void> {
  await promisify(execFile)(process.execPath, args, { signal });
}
