"""Why something is not run, and when that is a failure of the whole run."""

from __future__ import annotations


class NotRunError(Exception):
    """Something cannot be run here, as is to be expected; the text says why."""

    def is_failure(self, *, strict: bool, required: bool) -> bool:
        """Return whether the run has failed by this.

        :param strict: nothing that was to be had may be left out, as in continuous integration.
        :param required: this Django must be tried.
        """
        return False


class NoPythonError(NotRunError):
    """The machine has no Python that the Django runs on."""

    def is_failure(self, *, strict: bool, required: bool) -> bool:
        """Return whether the run has failed by this."""
        return strict and required


class NotInstalledError(NotRunError):
    """The Django, or its driver, cannot be installed or loaded, although its Python is here."""

    def is_failure(self, *, strict: bool, required: bool) -> bool:
        """Return whether the run has failed by this."""
        return strict


class NoAnswerError(NotRunError):
    """A server that the environment names does not answer."""

    def is_failure(self, *, strict: bool, required: bool) -> bool:
        """Return whether the run has failed by this."""
        return True
