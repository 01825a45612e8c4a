/** Secrets in configuration files of keepalived, masked wherever text is shown. */

const secretLine = /^(\s*auth_pass\s+).*$/gm;

export const maskSecrets = (text: string): string => text.replace(secretLine, '$1***');

export const hasSecrets = (text: string): boolean => text.search(secretLine) >= 0;
