export default {
  output: process.env.STANDALONE ? 'standalone' : undefined,
  images: { unoptimized: true },
  outputFileTracingIncludes: { '/posts/[slug]': ['./posts/**'], '/': ['./posts/**'], '/api/search': ['./posts/**'] },
};
