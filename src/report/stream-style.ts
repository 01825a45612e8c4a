import { plainStyle, type StreamFacts, type Style } from './style.ts';

/** The style that a stream can show; chalk is loaded only when there is colour. */
export async function styleFor(stream: StreamFacts): Promise<Style> {
  if (stream.color === 0) return plainStyle;
  const { colorStyle } = await import('./terminal.ts');
  return colorStyle(stream.color);
}
