import { describe, expect, test } from 'vitest';
import { HaupError, SeveralErrors } from '../../src/model/errors.ts';
import { errorText } from '../../src/report/error-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { configureFailed, inventoryInvalid, several } from './samples.ts';

const versions = 'haup 1.2.0, node 20.20.2, linux x64';

describe('errorText', () => {
  test.each([
    ['configure', configureFailed],
    ['inventory', inventoryInvalid],
    ['several', several],
    ['bug', new TypeError('boom')],
  ])('%s', async (name, error) => {
    const text = errorText(error, plainStyle, { debug: false, versions, width: 80 });
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/report/error-${name}.txt`);
  });

  test('says what, where, next and code', () => {
    const text = errorText(configureFailed, plainStyle, { debug: false });
    expect(text.split('\n')[0]).toBe('Error on keep_137: ./configure of nginx 1.20.1 failed with code 1');
    expect(text).toContain('\n  Next: set nginx.version to 1.22.1 or newer');
    expect(text.split('\n').at(-1)).toBe('  Code: CONFIGURE_FAILED');
  });

  test('several errors within several errors are shown one by one', () => {
    const nested = new SeveralErrors([several, configureFailed]);
    const text = errorText(nested, plainStyle, { debug: false });
    expect(text.match(/^Error on/gm)).toHaveLength(3);
    expect(text).toContain('Error on keep_136 and keep_137: no answer');
  });

  test('stacks and causes only with debug', () => {
    const error = new HaupError('CONNECTION_LOST', 'the connection broke', {
      host: 'a',
      cause: new Error('ECONNRESET'),
    });
    expect(errorText(error, plainStyle, { debug: false })).not.toMatch(/ECONNRESET|error-text\.test/);
    const debug = errorText(error, plainStyle, { debug: true });
    expect(debug).toContain('error-text.test');
    expect(debug).toContain('caused by Error: ECONNRESET');
  });

  test('a message that names its host is not told where again', () => {
    const error = new HaupError('HOST_UNREACHABLE', 'keep_136 (port 22) refuses connections', {
      host: 'keep_136',
    });
    expect(errorText(error, plainStyle, { debug: false }).split('\n')[0]).toBe(
      'Error: keep_136 (port 22) refuses connections',
    );
  });

  test('a cause that causes itself ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(errorText(error, plainStyle, { debug: true }).split('caused by').length).toBeLessThan(10);
  });

  test.each([['a string'], [undefined], [null], [Object.create(null)]])(
    'anything thrown is a bug: %s',
    (thrown) => {
      expect(errorText(thrown, plainStyle, { debug: true, versions })).toContain(versions);
    },
  );

  test('a message of several lines is indented under its first', () => {
    const text = errorText(new HaupError('USAGE', 'one\ntwo', { hint: 'three\nfour' }), plainStyle, {
      debug: false,
    });
    expect(text).toBe('Error: one\n  two\n  Next: three\n        four\n  Code: USAGE');
  });
});
