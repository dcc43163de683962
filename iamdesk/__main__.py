"""``python -m iamdesk``: the same as the command ``iamdesk``."""

from iamdesk.cli import main

if __name__ == "__main__":
    main()
