"""What a Django site says of itself: asked of its own Python, kept in a file, and read again.

``asking`` is loaded only where a site is asked; ``program`` is for the site's own Python.
"""

from .description import TIME_LIMIT, Description, read_description

__all__ = ["TIME_LIMIT", "Description", "read_description"]
