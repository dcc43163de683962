"""Code that is loaded behind the first painting, in workers: by one of them at a time.

Modules that import each other, as some of our libraries' do, can be found half made by a thread that imports one of
them while another thread imports the other; an `ImportError` follows.
"""

import threading

import_lock = threading.Lock()
"""Held while a worker loads code that others may be loading as well."""
