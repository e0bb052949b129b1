import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const Query = z.object({ amount: z.coerce.number().positive(), to: z.string().length(3) });
const rates = JSON.parse(readFileSync('rates.json', 'utf8')) as Record<string, number>;

export function convert(query: z.infer<typeof Query>): { result: number; to: string } {
  const rate = rates[query.to];
  if (rate === undefined) throw new Error(`no rate for ${query.to}`);
  return { result: Math.round(query.amount * rate * 100) / 100, to: query.to };
}
