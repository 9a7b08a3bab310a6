import { errorFields, type Logger } from '../base/logger.ts';
import type { ParameterSchemas } from '../model/parameter-schemas.ts';
import type { WishDeps } from './unfit-wish.ts';

const maxWaitMs = 1000;

/** Whoever can not be checked is let through: the controller reads the schema again before anything is sent. */
export function createFindSchema(
  schemas: Pick<ParameterSchemas, 'find'>,
  logger: Logger,
  signal: AbortSignal,
): WishDeps['findSchema'] {
  return async (offering, field, timeoutMs) => {
    try {
      return await schemas.find(offering, field, { signal, timeoutMs: Math.min(timeoutMs / 2, maxWaitMs) });
    } catch (error) {
      logger.warn({ plan: offering.plan.metadata.name, ...errorFields(error) }, 'schema not read');
      return undefined;
    }
  };
}
