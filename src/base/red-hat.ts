import type { OsFacts } from '../model/facts.ts';

/** Red Hat's major version or a relative's; null for other systems. */
export function redHatMajor(os: OsFacts): number | null {
  return /^(rhel|centos|rocky|almalinux|ol|scientific)$/.test(os.id) ? Number.parseInt(os.version, 10) : null;
}
