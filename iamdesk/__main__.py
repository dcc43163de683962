"""``python -m iamdesk``: the same as the command ``iamdesk``. The bundled application starts here, its workers too."""

import sys

from iamdesk.cli import main

if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()  # a worker is this program once more: it goes on from here, and ends
    main()
