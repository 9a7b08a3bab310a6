/** Set to `1` by `npm run test:integration -- --restarts`. */
export const restartsVariable = 'BINDERY_TEST_RESTARTS';
