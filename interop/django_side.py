"""Runs under the Python of some Django: reads a request a line, and answers each with a line.

Both are JSON; the first request configures Django. Python 3.6 reads this.
"""

import importlib
import json
import os
import sys
import types
from typing import Any, Dict, Optional

from interop import views

SESSIONS = "django.contrib.sessions"

SITE = {
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["*"],
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", SESSIONS],
    "MIDDLEWARE": [
        SESSIONS + ".middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # For the time it takes: what is tried is the migration of the sessions, and no password.
    "MIGRATION_MODULES": {"auth": None, "contenttypes": None},
    "PASSWORD_HASHERS": ["interop.quick.QuickHasher"],
    "CSRF_USE_SESSIONS": True,
    "SESSION_MERGERS": {"visits": "flask_dj_session.merging.add"},
}


def configure(settings: Dict[str, Any], mysql_version: Optional[str]) -> Dict[str, Any]:
    """Set Django up; its settings come from the other side."""
    if mysql_version:
        spoof_mysqlclient(mysql_version)
    import django

    # A module, as a site has it: only then does Django put TIME_ZONE into the process.
    module = types.ModuleType("interop_settings")
    vars(module).update(SITE, **settings)
    sys.modules[module.__name__] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = module.__name__
    django.setup()
    make_urls()
    connect()
    return {"django": django.get_version(), "python": "{}.{}".format(*sys.version_info[:2])}


def spoof_mysqlclient(version: str) -> None:
    """Let PyMySQL stand for mysqlclient; Django asks for a version of that."""
    pymysql = importlib.import_module("pymysql")  # type: Any
    pymysql.version_info = (*map(int, version.split(".")), "final", 0)
    pymysql.__version__ = version
    pymysql.install_as_MySQLdb()


def connect() -> None:
    """Find out here whether this Django takes this server."""
    from django.db import connection

    connection.ensure_connection()


def migrate(arguments: Any) -> Dict[str, Any]:
    """Run ``manage.py migrate`` with these arguments."""
    from django.core.management import call_command

    call_command("migrate", *arguments, verbosity=0, interactive=False)
    return {}


def clear() -> Dict[str, Any]:
    """Run ``manage.py clearsessions``."""
    from django.core.management import call_command

    call_command("clearsessions")
    return {}


def load(key: str) -> Dict[str, Any]:
    """Read a session outside a request."""
    from django.conf import settings

    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore(key)
    data = store.load()
    return {"data": views.plain(data), "key": store.session_key}


def hold(key: str) -> Dict[str, Any]:
    """Load a session and change it, as a request does that is not at its end yet."""
    from django.conf import settings

    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore(key)
    store["held"] = True
    HELD.append(store)
    return {}


def save_held() -> Dict[str, Any]:
    """Save what is held; tell whether it was there to be saved."""
    from django.contrib.sessions.backends.base import UpdateError

    try:
        HELD.pop().save()
    except UpdateError:
        return {"saved": False}
    return {"saved": True}


HELD = []  # type: Any


def make_user(name: str) -> Dict[str, Any]:
    """Make a user who can log in."""
    from django.contrib.auth.models import User

    User.objects.create_user(name, password="correct horse")
    return {}


def grant(name: str, own: str, of_group: str) -> Dict[str, Any]:
    """Give a user one permission, and a group of theirs another."""
    from django.contrib.auth.models import Group, Permission, User

    user = User.objects.get(username=name)
    user.user_permissions.add(Permission.objects.get(codename=own))
    group = Group.objects.create(name="readers")
    group.permissions.add(Permission.objects.get(codename=of_group))
    user.groups.add(group)
    return {}


def post_form(key: str) -> Dict[str, Any]:
    """Send a form with its CSRF token, and without."""
    from django.conf import settings
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    page = "/form/?given=null"
    token = client.get(page).content.decode()
    right = client.post(page, {"csrfmiddlewaretoken": token})
    wrong = client.post(page, {"csrfmiddlewaretoken": token[::-1]})
    return {"status": right.status_code, "status_without": wrong.status_code}


def change_at_once(key: str) -> Dict[str, Any]:
    """Let two requests change a session that both have loaded, where Django's engine is ours."""
    engine = importlib.import_module("flask_dj_session.django_engine")
    one, other = engine.SessionStore(key), engine.SessionStore(key)
    for store, name in ((one, "one"), (other, "other")):
        store["visits"] = store.get("visits", 0) + 1
        store[name] = True
    one.save()
    other.save()
    one["late"] = True
    one.save()
    other.cycle_key()
    return {"data": views.plain(dict(other.items())), "key": other.session_key}


def visit(view: str, key: Optional[str], given: Dict[str, Any]) -> Dict[str, Any]:
    """Ask for the page of a view, with a cookie where ``key`` is given."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    if key is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = key
    response = client.get("/{}/".format(view), {"given": json.dumps(given)})
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return views.answer(
        response.status_code,
        response.content.decode(),
        cookie.OutputString() if cookie else "",
        response["Vary"] if response.has_header("Vary") else "",
    )


# The site


def make_urls() -> None:
    """Answer every path with the view of its name."""
    from django.urls import path

    globals()["urlpatterns"] = [path("<name>/", call_view)]


def call_view(request: Any, name: str) -> Any:
    """Call a view of both sides, or one that only Django has."""
    from django.http import HttpResponse
    from django.views.decorators.csrf import csrf_protect

    given = json.loads(request.GET["given"])
    if name == "form":
        return csrf_protect(show_token)(request)
    if name in USER_VIEWS:
        return HttpResponse(USER_VIEWS[name](request, given))
    return HttpResponse(views.VIEWS[name](request.session, given))


def show_token(request: Any) -> Any:
    """Show the CSRF token of a form."""
    from django.http import HttpResponse
    from django.middleware.csrf import get_token

    return HttpResponse(get_token(request))


def log_in(request: Any, given: Dict[str, Any]) -> str:
    """Log a user in."""
    from django.contrib.auth import authenticate, login

    user = authenticate(username=given["name"], password=given["password"])
    if user is None:
        return "refused"
    login(request, user)
    return "logged in"


def log_out(request: Any, given: Dict[str, Any]) -> str:
    """Log out whoever it is."""
    from django.contrib.auth import logout

    logout(request)
    return "logged out"


def whoami(request: Any, given: Dict[str, Any]) -> str:
    """Say who it is; nobody has an empty name."""
    return str(request.user.get_username())


def permissions(request: Any, given: Dict[str, Any]) -> str:
    """Name all permissions."""
    return ",".join(sorted(request.user.get_all_permissions()))


def change_password(request: Any, given: Dict[str, Any]) -> str:
    """Change the password, and keep this session."""
    from django.contrib.auth import update_session_auth_hash

    user = request.user
    user.set_password(given["password"])
    user.save()
    update_session_auth_hash(request, user)
    return "changed"


USER_VIEWS = {
    "login": log_in,
    "logout": log_out,
    "whoami": whoami,
    "permissions": permissions,
    "change_password": change_password,
}


# The conversation

DEEDS = {
    deed.__name__: deed
    for deed in (
        configure,
        migrate,
        clear,
        load,
        hold,
        save_held,
        make_user,
        grant,
        post_form,
        change_at_once,
        visit,
    )
}  # type: Dict[str, Any]


def answer(deeds: Dict[str, Any]) -> None:
    """Answer until there are no more requests."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever Django prints is no answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = deeds[request.pop("do")](**request)
        except Exception as error:
            text = str(error).strip().splitlines()
            answer = {"error": type(error).__name__, "message": text[0] if text else ""}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    answer(DEEDS)
