"""Runs under the site's own Python: serves the site, and does what it is asked for by a pipe.

The site is as it stands. Some pages are put before its own, under ``/tried/``, in this process
alone; the site's middleware is around them as around all others.
"""

import importlib
import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any, Dict, List

# As manage.py does it: the site's folder comes first, and these packages after all others.
sys.path[0] = os.getcwd()
sys.path.append(str(Path(__file__).parent.parent))

from interop.django_side import answer  # noqa: E402


def start() -> Dict[str, Any]:
    """Set the site up, and serve it; return where it is and what it runs on."""
    import django
    from django.conf import settings

    django.setup()
    _put_pages_first()
    return {
        "port": _serve(),
        "django": django.get_version(),
        "python": "{}.{}".format(*sys.version_info[:2]),
        "cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }


def command(name: str, arguments: List[str]) -> Dict[str, Any]:
    """Run a command of ``manage.py``."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command(name, *arguments, verbosity=0, interactive=False)
    return {}


def make_user(name: str, password: str, all_powers: bool) -> Dict[str, Any]:
    """Make a user, and return what they log in with."""
    from django.contrib.auth import get_user_model

    model: Any = get_user_model()
    address = name + "@example.org"
    login = address if model.USERNAME_FIELD == "email" else name
    given = {"email": address, model.USERNAME_FIELD: login, "password": password}
    if all_powers:
        user = model.objects.create_superuser(**given)
    else:
        user = model.objects.create_user(**given)
    return {"username": user.get_username()}


def grant(username: str) -> Dict[str, Any]:
    """Give a user one permission, and a group of theirs another."""
    from django.contrib.auth.models import Group, Permission

    own, of_group = Permission.objects.order_by("id")[:2]
    user = _user(username)
    user.user_permissions.add(own)
    group = Group.objects.create(name="readers")
    group.permissions.add(of_group)
    user.groups.add(group)
    return {}


def set_password(username: str, password: str) -> Dict[str, Any]:
    """Change a password, as ``manage.py changepassword`` does."""
    user = _user(username)
    user.set_password(password)
    user.save()
    return {}


def in_cache(key: str) -> Dict[str, Any]:
    """Return what the site's own cache has of a session."""
    from django.conf import settings

    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore(key)
    return {"data": store._cache.get(store.cache_key)}


def _user(username: str) -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_by_natural_key(username)


# Pages


def _put_pages_first() -> None:
    from django.conf import settings
    from django.urls import path

    pages = [path("tried/" + name, view) for name, view in _PAGES.items()]
    urls: Any = importlib.import_module(settings.ROOT_URLCONF)
    urls.urlpatterns[:0] = pages


def _count(request: Any) -> Any:
    request.session["tried"] = request.session.get("tried", 0) + 1
    return request.session["tried"]


def _peek(request: Any) -> Any:
    """Read, and change nothing."""
    return request.session.get("tried", 0)


def _end_in(request: Any) -> Any:
    request.session.set_expiry(int(request.GET["seconds"]))
    return "set"


def _flush(request: Any) -> Any:
    request.session.flush()
    return "flushed"


def _who(request: Any) -> Any:
    return request.user.get_username()


def _permissions(request: Any) -> Any:
    return sorted(request.user.get_all_permissions())


def _say(request: Any) -> Any:
    from django.contrib import messages

    messages.success(request, request.GET["text"])
    return "said"


def _heard(request: Any) -> Any:
    from django.contrib import messages

    return [str(message) for message in messages.get_messages(request)]


def _form(request: Any) -> Any:
    """Give the token of a form, and take it back."""
    from django.middleware.csrf import get_token

    return "taken" if request.method == "POST" else get_token(request)


def _page(tell: Any) -> Any:
    from django.http import JsonResponse

    return lambda request: JsonResponse({"told": tell(request)})


_PAGES = {
    tell.__name__.strip("_"): _page(tell)
    for tell in (_count, _peek, _end_in, _flush, _who, _permissions, _say, _heard, _form)
}


def _serve() -> int:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


if __name__ == "__main__":
    deeds = (start, command, make_user, grant, set_password, in_cache)
    answer({deed.__name__: deed for deed in deeds})
