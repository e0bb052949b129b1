import { all } from '../../../lib/posts';

export const dynamic = 'force-dynamic';

export function GET(request) {
  const word = new URL(request.url).searchParams.get('q') ?? '';
  return Response.json(all().filter((one) => one.content.includes(word)).map((one) => one.slug));
}
