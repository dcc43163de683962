"""A lock for imports in workers after the first paint.

Modules that import each other, as in some of our libraries, can be found half initialized if two threads import them at
the same time; an `ImportError` follows.
"""

import threading

import_lock = threading.Lock()
"""Held while a worker imports modules that others may be importing as well."""
