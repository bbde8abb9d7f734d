import os

SECRET_KEY = "for a load test on 127.0.0.1 only"
DEBUG = False
ALLOWED_HOSTS = [".polls.local", "127.0.0.1"]
# Without contenttypes strawberry-django tries, and fails, to import it at every request.
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "strawberry_django", "polls"]
MIDDLEWARE = ["polls.tenants.TenantMiddleware"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DATABASE_ROUTERS = ["polls.tenants.TenantRouter"]
TENANT_FOLDER = os.environ["BENCH_DATA"]
TENANT_SYNCHRONOUS = os.environ.get("BENCH_SYNC", "NORMAL")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
LOGGING_CONFIG = None
