import { deny, type Handler } from './decision.ts';

/**
 * A handler for some namespaces alone. What is in others is refused, not let through: whoever sends it here has more namespaces in
 * the configuration of the webhook than in its flags, and a Pod would run without its Secret.
 * @param served undefined for all
 */
export function forServedNamespaces(handler: Handler, served: readonly string[] | undefined): Handler {
  if (served === undefined) return handler;
  return (request, context) => {
    if (served.includes(request.namespace)) return handler(request, context);
    return deny(
      403,
      `this webhook serves other namespaces (--namespaces): "${request.namespace}" is not one`,
    );
  };
}
