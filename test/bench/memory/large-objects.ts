import { setTimeout as delay } from 'node:timers/promises';
import { peakBytes } from '../../support/peak-memory.ts';
import { roles, type InstalledRoles, type Role } from '../installed-roles.ts';
import type { BenchOptions } from '../measure.ts';
import type { BenchApi } from '../provision/bench-api.ts';
import { apiVersion, binding, instance } from '../provision/objects.ts';

const namespace = 'large';
const instances = 12;
const bindings = 8;
/** Of all JSON `{}` takes the most memory: one MB of it. */
const parameters = { x: Array.from({ length: 333_000 }, () => ({})) };
const configuration = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/bindery';
const settleMs = 20_000;

/** The most memory of each role, alone, that starts on such objects, as they can be written when there is no webhook. */
export async function peaksOnLargeObjects(
  { start, install }: InstalledRoles,
  api: BenchApi,
  { progress, signal }: BenchOptions,
): Promise<Readonly<Record<Role, number>>> {
  progress(`${instances + bindings} objects of 1 MB`);
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await api.delete(configuration);
  const path = `/apis/${apiVersion}/namespaces/${namespace}`;
  for (let at = 0; at < instances; at++) {
    await api.create(`${path}/serviceinstances`, withParameters(instance(`large-${at}`)));
  }
  for (let at = 0; at < bindings; at++) {
    await api.create(`${path}/servicebindings`, withParameters(binding(`large-${at}`, `large-${at}`)));
  }
  await install();
  const peaks: Record<Role, number> = { controller: 0, webhook: 0 };
  for (const role of roles) {
    await using cleanUp = new AsyncDisposableStack();
    const started = await start(role);
    cleanUp.defer(async () => started.stop());
    await delay(settleMs, undefined, { signal });
    peaks[role] = await peakBytes(started);
  }
  return peaks;
}

function withParameters(manifest: object): object {
  const { spec } = manifest as { readonly spec: object };
  return { ...manifest, spec: { ...spec, parameters } };
}
