# A peer in a container. Build: docker build -t manyhands .
# The builder has the compiler; what runs has neither it nor npm's cache, and no root.

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:26-slim
WORKDIR /app
ENV NODE_ENV=production
# The one place for identity, jobs and the control socket, for the peer and for `docker exec` alike.
ENV MANYHANDS_DATA=/data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY proto proto
COPY jobs jobs
COPY templates templates
COPY templates templates
RUN ln -s /app/bin/manyhands.js /usr/local/bin/manyhands && install -d -o node -g node -m 700 /data
USER node
EXPOSE 7420 9420
# The peer that the entry point starts serves its health beside its metrics.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9420/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["manyhands"]
CMD ["join", "--listen", "0.0.0.0:7420", "--metrics", "0.0.0.0:9420", "--log-format", "json"]
