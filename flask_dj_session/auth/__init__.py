"""Django's login in a Flask app; nothing of it is loaded by ``import flask_dj_session``."""
