"""The course's shop corner: a cart that anybody has, and orders for those who are logged in.

Django's users log in here, and are logged in to Django as well. ``flask users create-tables`` and
``flask users create`` make the first of them where there is no Django.
"""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from flask_dj_session.auth import DjangoAuth, url_has_allowed_host_and_scheme
from flask_dj_session.auth.devices import Devices
from flask_dj_session.errors import MissingUserTableError

PRODUCTS = {"tea": 4.50, "milk": 1.20, "scones": 3.80}

shop = Blueprint("shop", __name__, url_prefix="/shop", template_folder="templates")
# Where users see where else they are logged in, and end that.
shop.register_blueprint(
    Devices(
        url_prefix="/sessions",
        login_url="shop.login",
        links={"The shop corner": "shop.index"},
    )
)


def _auth() -> DjangoAuth:
    auth: DjangoAuth = current_app.extensions["django_auth"]
    return auth


@shop.before_request
def refuse_other_sites() -> None:
    """Let no other site's page post a form here in its visitor's name."""
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        abort(400, "This form was sent from another site.")


@shop.get("/")
def index() -> ResponseReturnValue:
    """Show the products and the cart."""
    cart = session.get("cart", {})
    total = sum(PRODUCTS[item] * number for item, number in cart.items() if item in PRODUCTS)
    return render_template("shop.html", products=PRODUCTS, cart=cart, total=total)


@shop.post("/cart")
def add() -> ResponseReturnValue:
    """Put something into the cart, which is kept in the session."""
    item = request.form.get("item", "")
    if item not in PRODUCTS:
        abort(400, "There is no such product.")
    cart = session.setdefault("cart", {})
    cart[item] = cart.get(item, 0) + 1
    session.modified = True  # a change inside of a value is not seen by itself
    return redirect(url_for("shop.index"), 303)


def way_back() -> str:
    """Return where the visitor came from to log in, if that is here; otherwise the shop."""
    target = request.args.get("next", "")
    hosts, is_https = {request.host}, request.is_secure
    if url_has_allowed_host_and_scheme(target, hosts, require_https=is_https):
        return target
    return url_for("shop.index")


@shop.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Log a Django user in; the cart stays, and so does the way back in ``next``."""
    if request.method == "GET":
        return render_template("login.html")
    try:
        user = _auth().authenticate(request.form["username"], request.form["password"])
    except MissingUserTableError:
        return render_template("login.html", problem="There are no users here yet."), 404
    if user is None:
        return render_template("login.html", problem="Name or password is not right."), 401
    _auth().login(user)
    return redirect(way_back(), 303)


@shop.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out; the cart goes with the session."""
    _auth().logout()
    return redirect(url_for("shop.index"), 303)
