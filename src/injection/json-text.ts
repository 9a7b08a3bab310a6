import { memoized } from './memo.ts';

/**
 * JSON text of an object that never changes. What is added for one binding is the same for all Pods of a workload,
 * so that it is made once (`prepared-binding.ts`) and written once, here.
 */
export const jsonText: (value: object) => string = memoized((value) => JSON.stringify(value));
