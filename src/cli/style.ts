import { plainStyle, type Style } from '../report/style.ts';
import type { StreamFacts } from './context.ts';

/** The style that a stream can show; chalk is loaded only when there is colour. */
export async function styleFor(stream: StreamFacts): Promise<Style> {
  if (stream.color === 0) return plainStyle;
  const { colorStyle } = await import('../report/tty.ts');
  return colorStyle(stream.color);
}
