# One image for server and worker; the command says which. docker-compose.yml shows both with Postgres.
FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY caviar caviar
COPY migrations migrations
COPY service service
COPY trainer trainer
COPY worker worker
RUN python -m venv /opt/caviar && /opt/caviar/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /data caviar
COPY --from=build /opt/caviar /opt/caviar
ENV PATH=/opt/caviar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CAVIAR_DATA_DIR=/data
USER caviar
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Of a server: it lives and its database answers. A worker has no port and turns this off.
HEALTHCHECK --interval=5s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "import httpx; httpx.get('http://127.0.0.1:8000/readyz', trust_env=False).raise_for_status()"]
ENTRYPOINT ["caviar"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
