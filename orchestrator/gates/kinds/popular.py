"""Names that are often imitated: much used packages of PyPI and npm, kept by hand. Not complete, and needs not be."""

from __future__ import annotations

from functools import cache

__all__ = ["imitated"]

POPULAR: dict[str, frozenset[str]] = {
    "PyPI": frozenset(
        """
        absl-py accelerate aiobotocore aiofiles aiohttp aioredis airflow alembic altair amqp anthropic anyio apscheduler
        arrow asgiref asyncpg asyncssh attrs authlib autopep8 azure-core azure-identity babel backoff bandit bcrypt
        beautifulsoup4 billiard black bleach blinker boto3 botocore bottle cachetools celery certifi cffi chardet
        charset-normalizer cherrypy click cloudpickle colorama coloredlogs commonmark configargparse construct
        contourpy coverage croniter cryptography cssselect cycler cython dask databricks-sdk dateparser datasets
        debugpy decorator deepdiff defusedxml deprecated diffusers dill distlib distributed distro django
        django-cors-headers django-filter djangorestframework dnspython docker docopt docutils duckdb ecdsa
        elasticsearch email-validator environs eventlet fabric faker fastapi fastavro filelock flake8 flask
        flask-cors flask-login flask-migrate flask-sqlalchemy fonttools frozenlist fsspec furl future gensim
        gevent gitpython google-api-core google-auth google-cloud-storage googleapis-common-protos graphene
        greenlet grpcio grpcio-tools gspread gunicorn h11 h5py hatchling html5lib httpcore httplib2 httptools
        httpx huggingface-hub humanize hypercorn hypothesis idna imageio importlib-metadata influxdb-client
        iniconfig invoke ipykernel ipython isodate isort itsdangerous jaraco-classes jedi jinja2 jmespath joblib
        jsonpath-ng jsonpatch jsonschema jupyter jupyterlab kafka-python keras keyring kombu kubernetes langchain
        langchain-core langgraph lightgbm litellm llvmlite loguru lxml mako markdown markdown-it-py markupsafe
        marshmallow matplotlib mccabe mistune mlflow more-itertools motor moto msal msgpack multidict mypy
        mypy-extensions mysqlclient nbconvert nbformat networkx nltk nodeenv notebook numba numpy oauthlib openai
        opencv-python openpyxl opentelemetry-api opentelemetry-sdk orjson packaging pandas paramiko parso pathspec
        pendulum pexpect pillow pip pipenv platformdirs playwright plotly pluggy poetry polars pre-commit
        prometheus-client prompt-toolkit protobuf psutil psycopg psycopg2 psycopg2-binary ptyprocess pyarrow pyasn1
        pycodestyle pycparser pycryptodome pydantic pydantic-core pydantic-settings pydub pyflakes pygments
        pyinstaller pyjwt pylint pymongo pymysql pynacl pyodbc pyopenssl pyparsing pyright pyserial pysocks pytest
        pytest-asyncio pytest-cov pytest-mock pytest-xdist python-dateutil python-dotenv python-multipart
        python-slugify pytorch-lightning pytz pywin32 pyyaml pyzmq rapidfuzz redis referencing regex reportlab
        requests requests-oauthlib requests-toolbelt rich rsa ruamel-yaml ruff s3fs s3transfer safetensors
        scikit-image scikit-learn scipy scrapy seaborn selenium sentence-transformers sentencepiece sentry-sdk
        setuptools shapely simplejson six slack-sdk sniffio snowballstemmer sortedcontainers soupsieve spacy sphinx
        sqlalchemy sqlmodel sqlparse starlette statsmodels streamlit stripe structlog sympy tabulate tenacity
        tensorboard tensorflow termcolor textual threadpoolctl tiktoken tokenizers tomli tomlkit torch torchvision
        tornado tox tqdm traitlets transformers trio twine twisted typer typing-extensions tzdata tzlocal
        ujson unidecode urllib3 uvicorn uvloop virtualenv watchdog watchfiles wcwidth webencodings websocket-client
        websockets werkzeug wheel wrapt wtforms xgboost xlrd xlsxwriter xmltodict yarl zipp zope-interface zstandard
        """.split()
    ),
    "npm": frozenset(
        """
        ajv angular async autoprefixer axios babel-core babel-loader bcrypt bcryptjs bluebird body-parser bootstrap
        browserify chai chalk cheerio chokidar classnames cli-progress color-convert commander concurrently cookie
        cookie-parser core-js cors cross-env cross-spawn crypto-js css-loader cypress d3 dayjs debug deepmerge
        discord.js dotenv ejs electron enquirer esbuild eslint eslint-config-prettier event-stream eventemitter3
        execa express express-session fastify file-loader formidable fs-extra glob got graphql gulp handlebars
        helmet highlight.js html-webpack-plugin http-proxy husky immer immutable inquirer ioredis jest jquery
        js-yaml jsdom jsonwebtoken karma knex koa less lint-staged lodash lru-cache marked merge micromatch
        minimatch minimist mkdirp mocha moment mongodb mongoose morgan multer mysql mysql2 nanoid next node-fetch
        node-gyp node-sass nodemailer nodemon npm nyc object-assign openai ora p-limit passport pg pino pm2 postcss
        prettier prisma prop-types puppeteer qs querystring ramda react react-dom react-redux react-router
        react-router-dom readable-stream redis redux request resolve rimraf rollup rxjs sass sass-loader semver
        sequelize sharp shelljs sinon socket.io socket.io-client source-map sqlite3 string-width strip-ansi
        style-loader styled-components supports-color svelte tailwindcss terser through2 ts-jest ts-loader ts-node
        tslib tsx typeorm typescript ua-parser-js uglify-js underscore undici uuid validator vite vitest vue
        vue-router vuex webpack webpack-cli webpack-dev-server winston ws xml2js yargs yarn yup zod zustand
        """.split()
    ),
}
_SHORT, _LONG = 5, 10


@cache
def imitated(ecosystem: str, name: str) -> str:
    """The popular name that this one could be mistaken for, or ''.

    One edit (a letter more, fewer, other, or two swapped) away, or with its
    separators and parts moved; two edits for long names. Short names resemble
    too many and are left alone.
    """
    popular = POPULAR.get(ecosystem, frozenset())
    plain = name.casefold()
    if plain in popular or len(plain) < _SHORT:
        return ""
    folded = _folded(plain)
    for other in sorted(popular):
        if len(other) < _SHORT - 1:
            continue
        if _folded(other) == folded:
            return other
        allowed = 2 if len(other) >= _LONG and len(plain) >= _LONG else 1
        if abs(len(other) - len(plain)) <= allowed and _distance(plain, other, allowed) <= allowed:
            return other
    return ""


def _folded(name: str) -> str:
    """Without what is added to a known name to make it look like its Python or Node form, parts in order."""
    parts = [
        p for p in name.replace("_", "-").replace(".", "-").split("-") if p not in {"python", "py", "js", "node", "lib"}
    ]
    joined = "".join(sorted(parts))
    return joined.replace("0", "o").replace("1", "l").replace("rn", "m").replace("vv", "w")


def _distance(one: str, other: str, limit: int) -> int:
    """Damerau-Levenshtein (optimal string alignment); stops above ``limit``."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
