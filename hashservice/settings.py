"""One settings file for every place; what differs comes from the environment.

Every variable read here stands in `.env.example`, and a test holds the two together.
Secrets are also read from a file: `NAME_FILE=/run/secrets/name` instead of `NAME=…`.
"""

from __future__ import annotations

import os
from pathlib import Path

from hashservice.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(os.environ)

# --- Where we are ---
PRODUCTION = env.flag("HASHSERVICE_PRODUCTION", default=False)
STATE_DIR = env.path("HASHSERVICE_STATE_DIR", default=BASE_DIR / ".state")
DEBUG = False  # a debug page would print image bytes and keys; there is no switch for it
PUBLIC_URL = env.text("HASHSERVICE_PUBLIC_URL", default="http://127.0.0.1:8000")

# --- Secrets: production refuses to start without them; elsewhere they live in STATE_DIR ---
SECRET_KEY = env.secret("SECRET_KEY", required=PRODUCTION, kept_in=STATE_DIR)
API_KEY_PEPPER = env.secret("API_KEY_PEPPER", required=PRODUCTION, kept_in=STATE_DIR)
API_KEY_PEPPER_PREVIOUS = env.optional_secret("API_KEY_PEPPER_PREVIOUS")
RECEIPT_SIGNING_KEY = env.secret("RECEIPT_SIGNING_KEY", required=PRODUCTION, kept_in=STATE_DIR)
AUDIT_SIGNING_KEY = env.secret("AUDIT_SIGNING_KEY", required=PRODUCTION, kept_in=STATE_DIR)
AUDIT_RETIRED_KEYS = env.words("AUDIT_RETIRED_KEYS", default=[])
AUDIT_WITNESS_URL = env.text("AUDIT_WITNESS_URL", default="")
AUDIT_WITNESS_KEY = env.text("AUDIT_WITNESS_KEY", default="")
SIGNATURE_KEY = env.secret("SIGNATURE_KEY", required=PRODUCTION, kept_in=STATE_DIR)
SIGNATURE_KEY_PREVIOUS = env.optional_secret("SIGNATURE_KEY_PREVIOUS")

# --- Who may ask ---
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", required=PRODUCTION, default=["127.0.0.1", "localhost", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES", default=[])

# --- Applications ---
INSTALLED_APPS = [
    "hashservice.apps.HashserviceConfig",
    "matching.apps.MatchingConfig",
    "tenants.apps.TenantsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",  # the pages of security keys use it
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
]
MIDDLEWARE = [
    "hashservice.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hashservice.middleware.ActingMiddleware",
    "hashservice.middleware.CallMiddleware",
    "hashservice.middleware.AnswerAuditMiddleware",
    "hashservice.programs.StraightMiddleware",  # what follows is for people
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.accounts.limits.SessionLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.accounts.limits.SecondFactor",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "hashservice.urls"
WSGI_APPLICATION = "hashservice.wsgi.application"
APPEND_SLASH = False  # a redirect drops the body of a POST
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hashservice" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- PostgreSQL: the runtime role, and the role that owns the tables and migrates ---
DATABASES = {
    "default": env.database("DATABASE_URL"),
    "owner": env.database("DATABASE_OWNER_URL", fallback="DATABASE_URL"),
}
# Roles of single duties, where an operator has them: `migrate` grants each what its duty needs.
DATABASE_ROLES = {
    "web": env.text("DATABASE_WEB_ROLE", default=""),
    "worker": env.text("DATABASE_WORKER_ROLE", default=""),
    "sealer": env.text("DATABASE_SEALER_ROLE", default=""),
}
# Row-level security binds the owner as well; migrations change rows of every tenant.
DATABASES["owner"]["OPTIONS"]["options"] = "-c app.scope=service"
DATABASE_ROUTERS = ["hashservice.database.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the worker processes share about people who sign in: used codes, counted attempts. Few
# entries, and none is worth a server that sign-in would depend on.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hashservice_cache",
    }
}

# --- Valkey or Redis: rate limits and the doorbell of the worker ---
REDIS_URL = env.text("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default=REDIS_URL)
WEB_WORKERS = env.number("WEB_WORKERS", default=2)
FAILED_AUTHENTICATIONS_PER_MINUTE = env.number("FAILED_AUTHENTICATIONS_PER_MINUTE", default=30)

# --- Images and the index ---
MAX_IMAGE_BYTES = env.number("MAX_IMAGE_BYTES", default=20 * 1024 * 1024)
MAX_IMAGE_PIXELS = env.number("MAX_IMAGE_PIXELS", default=50_000_000)
DECODER_PROCESSES = env.number(
    "DECODER_PROCESSES", default=max(1, (os.cpu_count() or 1) // WEB_WORKERS)
)
PARTIAL_PROCESSES = env.number("PARTIAL_PROCESSES", default=DECODER_PROCESSES)
PHOTODNA_THRESHOLD = env.number("PHOTODNA_THRESHOLD", default=5_000)
SPOOL_DIR = env.path("SPOOL_DIR", default=STATE_DIR / "spool")
MAX_BATCH_ITEMS = env.number("MAX_BATCH_ITEMS", default=10_000)
MAX_BATCH_BYTES = env.number("MAX_BATCH_BYTES", default=1024 * 1024 * 1024)
DATA_UPLOAD_MAX_NUMBER_FILES = MAX_BATCH_ITEMS
INDEX_DIR = env.path("INDEX_DIR", default=STATE_DIR / "index")
EXCHANGE_NCMEC_URL = env.text("EXCHANGE_NCMEC_URL", default="")
EXCHANGE_NCMEC_USERNAME = env.text("EXCHANGE_NCMEC_USERNAME", default="")
EXCHANGE_NCMEC_PASSWORD = env.optional_secret("EXCHANGE_NCMEC_PASSWORD")
EXCHANGE_STOPNCII_URL = env.text("EXCHANGE_STOPNCII_URL", default="")
EXCHANGE_STOPNCII_KEY = env.optional_secret("EXCHANGE_STOPNCII_KEY")
EXCHANGE_STOPNCII_FUNCTION_KEY = env.optional_secret("EXCHANGE_STOPNCII_FUNCTION_KEY")
IMPORT_DIR = env.path("IMPORT_DIR", default=STATE_DIR / "imports")
IMPORT_MOUNT_DIR = env.path("IMPORT_MOUNT_DIR", default=STATE_DIR / "deliveries")
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    2 * MAX_IMAGE_BYTES
)  # base64 in JSON takes a third more than the image
FILE_UPLOAD_MAX_MEMORY_SIZE = (
    DATA_UPLOAD_MAX_MEMORY_SIZE  # uploads stay in memory: no image on disk
)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- Requests to addresses that tenants choose: webhooks, and images by address ---
OUTGOING_HTTP = env.flag("OUTGOING_HTTP", default=False)
OUTGOING_PORTS = env.numbers("OUTGOING_PORTS", default=[80, 443, 8443])
OUTGOING_ALLOWED_NETWORKS = env.networks("OUTGOING_ALLOWED_NETWORKS")
OUTGOING_DENIED_NETWORKS = env.networks("OUTGOING_DENIED_NETWORKS")

# --- Monitoring ---
METRICS_TOKEN = env.optional_secret("METRICS_TOKEN")

# --- Reports to the CyberTipline ---
NCMEC_URL = env.text("NCMEC_URL", default="")
NCMEC_USERNAME = env.text("NCMEC_USERNAME", default="")
NCMEC_PASSWORD = env.optional_secret("NCMEC_PASSWORD")

# --- REST framework and its documentation ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.throttling.TenantThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "hashservice.negotiation.QuickNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hashservice.parsers.DeepJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "hashservice.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "hashservice",
    "DESCRIPTION": "Finds known child-abuse images the moment someone uploads them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tenants.api.schema.describe_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "BatchStatusEnum": "matching.api.batches.views.STATUSES",
        "KeyStatusEnum": "tenants.models.api_key.KeyStatus",
        "FeedbackVerdictEnum": "matching.models.FeedbackVerdict",
        "MatchTypeEnum": "matching.models.MatchType",
        "ReportStateEnum": "matching.models.ReportState",
        "TipStateEnum": "matching.models.TipState",
        "VerdictEnum": "matching.models.Verdict",
    },
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "ApiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "hs_live_… or hs_test_…"}
        }
    },
}

# --- Celery: the doorbell, never the book ---
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What waits for other people's servers has a worker of its own.
CELERY_TASK_ROUTES = {
    "tenants.deliver_webhooks": {"queue": "webhooks"},
    "tenants.seal_audit": {"queue": "audit"},
    "tenants.sign_checkpoints": {"queue": "audit"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# kombu's own defaults redeliver a killed worker's task after 100 s; these take 11 s.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_throttle": 1,
    "unacked_restore_interval": 5,
}

# --- Browser-facing security ---
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of accounts from before; moved at sign-in
]
SESSION_COOKIE_AGE = 60 * env.number("SESSION_MINUTES", default=8 * 60)
SESSION_IDLE_SECONDS = 60 * env.number("SESSION_IDLE_MINUTES", default=60)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
# "no-referrer" would make browsers send forms with "Origin: null", which CSRF refuses.
SECURE_REFERRER_POLICY = "same-origin"
# Plain http is refused at the proxy: a redirect would hide the mistake after the key was sent.
SECURE_SSL_REDIRECT = False
SILENCED_SYSTEM_CHECKS = ["security.W008"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Accounts of people: one sign-in for admin and portal, by django-allauth ---
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
ACCOUNT_RATE_LIMITS = {
    "login": "",  # counted exactly by the audit log: see tenants/accounts/guessing.py
    "sign_up": "5/h/ip",
}
REQUIRE_MFA = env.flag("REQUIRE_MFA", default=True)
ACCOUNT_ADAPTER = "tenants.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are proven by the invitation that came there
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "hashservice: "
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_ADAPTER = "tenants.accounts.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # curators have no address
MFA_TOTP_ISSUER = "hashservice"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_ADAPTER = "tenants.accounts.adapters.SessionAdapter"

# --- E-mail: invitations and notices about accounts ---
vars().update(env.mail("EMAIL_URL", default=f"filemail:///{STATE_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "EMAIL_FROM", default="hashservice <hashservice@localhost>"
)

# --- Static files, served by the application itself ---
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=STATE_DIR / "static") if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "hashservice" / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Language, time, log ---
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        # Scanners ask for foreign hosts all day; each gets its 400, none a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Refusals have their audit events; a flood of them shall cost no more than it must.
        "django.request": {"level": "ERROR"},
    },
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", default="INFO")},
}
