import type { BrokerClient } from './broker-client.ts';
import type { Operation } from './outcome-types.ts';

/** The ten operations of the Open Service Broker API, whoever answers them: a broker, or this process. None throws. */
export type BrokerOperations = Pick<BrokerClient, Operation>;
