# Hubbub: the server and the page it serves. Holds no secret; docker-compose.yml runs it.

FROM node:22-bookworm-slim AS page
WORKDIR /hubbub
COPY deploy/build.sh deploy/
COPY frontend frontend/
RUN deploy/build.sh page

FROM python:3.12-slim-bookworm AS packages
WORKDIR /hubbub
COPY deploy/build.sh deploy/
COPY pyproject.toml uv.lock ./
RUN deploy/build.sh packages

FROM python:3.12-slim-bookworm
# Volumes that are mounted at /state and /secrets begin as the user's own.
RUN useradd --system --uid 10001 --user-group --no-create-home hubbub \
    && install -d -o hubbub -g hubbub -m 700 /state \
    && install -d -o hubbub -g hubbub -m 755 /secrets
WORKDIR /hubbub
ENV PATH=/hubbub/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /hubbub/.venv .venv/
COPY --from=page /hubbub/frontend/apps/web/dist frontend/apps/web/dist/
COPY manage.py ./
COPY accounts accounts/
COPY api api/
COPY backend backend/
COPY chat chat/
COPY core core/
COPY realtime realtime/
COPY deploy/entrypoint.sh deploy/make-secrets.sh deploy/
USER hubbub
EXPOSE 8000
# Any answer will do: which host names are allowed is the operator's to say.
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["python", "-c", \
    "import http.client as c; h = c.HTTPConnection('127.0.0.1', 8000, timeout=3); h.request('GET', '/healthz'); exit(h.getresponse().status >= 500)"]
ENTRYPOINT ["/hubbub/deploy/entrypoint.sh"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
