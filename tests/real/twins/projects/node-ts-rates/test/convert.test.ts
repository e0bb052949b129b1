import { expect, test } from 'vitest';
import { convert } from '../src/convert.js';

test('converts', () => expect(convert({ amount: 2, to: 'USD' }).result).toBe(2.16));
