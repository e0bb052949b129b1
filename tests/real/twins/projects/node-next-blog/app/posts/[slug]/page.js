import { marked } from 'marked';
import { all } from '../../../lib/posts';

export const dynamic = 'force-dynamic';

export default async function Post({ params }) {
  const { slug } = await params;
  const post = all().find((one) => one.slug === slug);
  return <article dangerouslySetInnerHTML={{ __html: marked(post.content) }} />;
}
