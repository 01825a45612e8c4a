import type { Change } from '../../src/model/plan.ts';

export const restartNginx: Change = {
  id: 'service:nginx',
  kind: 'service',
  title: 'restart nginx',
  why: '',
  actions: [{ do: 'service', service: 'nginx', verb: 'restart' }],
  diffs: [],
};
