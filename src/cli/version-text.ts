/** What `haup --version` says. */
export const versionText = (version: string, proc: NodeJS.Process): string =>
  `haup ${version} (node ${proc.versions.node}, ${proc.platform} ${proc.arch})`;
