# One image for every process; docker-compose.yml says which command each runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

# Wheels only: the image needs no compiler.
COPY requirements/ requirements/
RUN pip install --only-binary :all: -r requirements/base.txt

COPY . .
RUN python -m compileall -q riotwatch riotwatch_jobs riotwatch_players riotwatch_messages riotwatch_api riotwatch_pages manage.py

# The processes write nothing into the image; their state is in PostgreSQL and Redis, and archives are on a volume, which
# takes its owner from here.
RUN useradd --system --uid 10001 --no-create-home riotwatch && install --directory --owner riotwatch /archives
USER riotwatch

CMD ["python", "manage.py", "help"]
