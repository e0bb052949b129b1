# next.config: output: "standalone". The output contains only the modules that the server can reach.
FROM node:{node_version}-slim
ENV NODE_ENV=production
WORKDIR {app_dir}
COPY --link --from=build /src/.next/standalone ./
COPY --link --from=build /src/.next/static ./.next/static
COPY --link --from=build /src/public ./public
USER node
CMD ["node", "server.js"]
