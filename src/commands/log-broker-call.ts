import type { Logger } from '../base/logger.ts';
import { brokerKey, type BrokerRef } from '../brokers/broker-ref.ts';
import type { BrokerCall } from '../osb/options.ts';

/**
 * A line for each request to a broker: `info` if it failed, else `debug`. Its `requestIdentity` is in the broker's log as well; what was
 * never sent has none.
 */
export function logBrokerCall(logger: Logger, broker: BrokerRef, call: BrokerCall): void {
  const { operation, status, reason, durationMs, requestIdentity, wasSent } = call;
  const fields = {
    broker: brokerKey(broker),
    operation,
    status,
    reason,
    durationMs: Math.round(durationMs),
    requestIdentity: wasSent ? requestIdentity : undefined,
  };
  if (reason === undefined) logger.debug(fields, 'broker answered');
  else logger.info(fields, wasSent ? 'broker request failed' : 'broker request not sent');
}
