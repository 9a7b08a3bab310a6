import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import type { BenchOptions } from './measure.ts';
import { buildBundle, program, startShipped } from './shipped-bindery.ts';

export const roles = ['webhook', 'controller'] as const;
export type Role = (typeof roles)[number];

/** A control plane in which Bindery is installed, and its roles: one process each, as in the image. */
export interface InstalledRoles {
  readonly plane: ControlPlane;
  /** Resolves when it is ready. */
  readonly start: (role: Role) => Promise<BinderyProcess>;
  /** Once more: what was deleted comes back. */
  readonly install: () => Promise<void>;
}

/** @param cleanUp gets what is to be done when the bench ends */
export async function installRoles(
  { progress, signal }: BenchOptions,
  cleanUp: AsyncDisposableStack,
): Promise<InstalledRoles> {
  progress('control plane');
  const plane = await startControlPlane({ log: progress, signal });
  cleanUp.defer(async () => plane.stop());
  const { kubeconfig } = plane;
  const listen = `127.0.0.1:${await freePort()}`;
  const webhookUrl = `--webhook-url=https://${listen}`;
  await buildBundle(signal);
  const install = async (): Promise<void> => {
    const command = [program, 'install', `--kubeconfig=${kubeconfig}`, webhookUrl];
    await promisify(execFile)(process.execPath, command, { signal });
  };
  await install();
  return {
    plane,
    install,
    start: async (role) => {
      // The last of two equal flags counts.
      const args = role === 'webhook' ? [`--listen=${listen}`, webhookUrl] : [];
      return startShipped({ kubeconfig, signal, role, args });
    },
  };
}
