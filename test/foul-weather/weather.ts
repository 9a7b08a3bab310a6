import type { KubeClient } from '../../src/kube/client.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import type { TcpRelay } from '../support/tcp-relay.ts';
import type { Fleet } from './fleet.ts';
import type { Harbour } from './harbour.ts';
import type { Random } from './random.ts';

/** What a storm may reach. */
export interface Weather {
  /** Straight to the API server. */
  readonly client: KubeClient;
  readonly plane: ControlPlane;
  readonly fleet: Fleet;
  readonly harbour: Harbour;
  /** Between Bindery and the broker. */
  readonly brokerRelay: TcpRelay;
  readonly random: Random;
  /** Tells what is going on now. */
  readonly say: (what: string) => void;
  readonly signal: AbortSignal;
}
