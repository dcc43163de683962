"""``python -m iamdesk``: the same as the command ``iamdesk``. The bundled application and its workers start here."""

import sys

from iamdesk.cli import main

if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()  # a worker is this program started again: it runs from here, and ends
    main()
