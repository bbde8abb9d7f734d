"""A database per tenant, chosen by host name, in the manner of the book's isolated databases: a
middleware puts the tenant's alias where the router finds it. The alias is made at the tenant's
first request, and its connection is kept (CONN_MAX_AGE None)."""
import os
import re
from contextvars import ContextVar

from django.conf import settings
from django.db import connections
from django.http import JsonResponse

CURRENT = ContextVar("tenant_db", default="default")
NAME = re.compile(r"t\d{4}\Z")


def alias_for(request):
    name = request.get_host().split(".", 1)[0].lower()
    if name not in connections.databases:
        path = os.path.join(settings.TENANT_FOLDER, name + ".db")
        if not NAME.match(name) or not os.path.exists(path):
            return None
        connections.databases[name] = {
            **connections.databases["default"],
            "NAME": path,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": False,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": f"PRAGMA synchronous={settings.TENANT_SYNCHRONOUS}",
            },
        }
    return name


class TenantMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        alias = alias_for(request)
        if alias is None:
            return JsonResponse({"errors": [{"message": "unknown tenant"}]}, status=404)
        token = CURRENT.set(alias)
        try:
            return self.get_response(request)
        finally:
            CURRENT.reset(token)


class TenantRouter:
    def db_for_read(self, model, **hints):
        return CURRENT.get()

    db_for_write = db_for_read

    def allow_relation(self, *args, **hints):
        return True
