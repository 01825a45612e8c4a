import { hostScript } from '../base/host-script.ts';

/** Functions that record what haup puts on a host, for scripts under `set -e`. */
export const recording: string = hostScript('recording');
