export { prepareEndToEnd as default } from './prepare.ts';
