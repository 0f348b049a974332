# Patchbay in a container. Node.js comes with the packages; the base image of the last stage needs none.
FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/setup.mjs scripts/setup.mjs
RUN node scripts/setup.mjs --production

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 patchbay \
 && useradd --uid 10001 --gid patchbay --no-create-home --home-dir /data patchbay \
 && install -d -o patchbay -g patchbay -m 0700 /data
WORKDIR /app
COPY --from=packages /app ./
COPY patchbay tsconfig.json ./
COPY migrations migrations
COPY sandbox sandbox
COPY src src
# The launcher takes packages that are newer than the lock file as they are.
RUN touch node_modules/.patchbay-ready
USER patchbay
ENV APP_ENV=production HOST=0.0.0.0 PORT=8080 PATCHBAY_DATA=/data NODE_COMPILE_CACHE=
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["sh", "-c", "exec node_modules/node-linux-*/bin/node -e \"fetch((process.env.TLS_CERT ? 'https' : 'http') + '://127.0.0.1:' + process.env.PORT + '/hello').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))\""]
ENTRYPOINT ["./patchbay"]
CMD ["up"]
