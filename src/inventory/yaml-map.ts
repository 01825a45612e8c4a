export type YamlMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
