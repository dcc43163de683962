"""The window. ``create_main_window`` is the way in; ``session.py`` tells how its panels talk."""
