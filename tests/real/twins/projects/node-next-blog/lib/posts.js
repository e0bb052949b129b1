import fs from 'node:fs';
import path from 'node:path';
import matter from 'gray-matter';

const folder = path.join(process.cwd(), 'posts');

export function all() {
  return fs.readdirSync(folder).map((file) => {
    const { data, content } = matter(fs.readFileSync(path.join(folder, file), 'utf8'));
    return { slug: file.replace(/\.md$/, ''), ...data, content };
  });
}
