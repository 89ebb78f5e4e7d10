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
ENTRYPOINT ["caviar"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
