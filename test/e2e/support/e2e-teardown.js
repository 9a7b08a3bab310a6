export { removePrepared as default } from './prepare.ts';
