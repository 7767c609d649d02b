# One image for every process; the command says which one (see docker-compose.yml).
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/watchkeeper
WORKDIR /source
COPY requirements.runtime.lock ./
RUN /opt/watchkeeper/bin/pip install --require-hashes -r requirements.runtime.lock
COPY . .
RUN /opt/watchkeeper/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/watchkeeper /opt/watchkeeper
RUN useradd --system --uid 10001 --home-dir /var/lib/watchkeeper --create-home watchkeeper
USER 10001
WORKDIR /var/lib/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/lib/watchkeeper/.numba \
    WATCHKEEPER_DATA=/var/lib/watchkeeper
VOLUME /var/lib/watchkeeper
CMD ["watchkeeper", "--help"]
