/** Names of the one service that is built in: a service that somebody has already, and says how it is reached. */

/** As people name it, and its only plan. */
export const userProvidedClass = 'user-provided';
export const userProvidedPlan = 'default';

/** Of its class and plan; their Kubernetes names are the same. */
export const userProvidedServiceId = 'bindery-user-provided';
export const userProvidedPlanId = 'bindery-user-provided-default';

/** In the place of a broker's name. No object can have it, so that no broker is ever taken for it. */
export const builtInBrokerName = 'bindery:built-in';
