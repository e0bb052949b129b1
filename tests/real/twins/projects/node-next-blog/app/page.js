import Link from 'next/link';
import { all } from '../lib/posts';

export const dynamic = 'force-dynamic';

export default function Home() {
  return (
    <ul>
      {all().map((one) => (
        <li key={one.slug}>
          <Link href={`/posts/${one.slug}`}>{one.title}</Link>
        </li>
      ))}
    </ul>
  );
}
