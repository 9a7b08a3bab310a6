import type { ControlPlane } from '../test/cluster/control-plane.ts';
import type { BinderyProcess } from './bindery-process.ts';
import type { PostgresBroker } from './postgres-broker/server.ts';

/** Everything that runs while the demo is told. */
export interface Scene {
  readonly plane: ControlPlane;
  readonly broker: PostgresBroker;
  readonly bindery: BinderyProcess;
  readonly signal: AbortSignal;
}

/** Runs kubectl and returns what it printed; throws with what it complained about. */
export async function kubectl(scene: Scene, args: readonly string[], input?: string): Promise<string> {
  scene.signal.throwIfAborted();
  const { code, stdout, stderr } = await scene.plane.kubectl(args, input);
  scene.signal.throwIfAborted();
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout.trimEnd();
}
