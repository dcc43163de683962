"""What every part of the window builds on: session, jobs, settings, theme, language."""
