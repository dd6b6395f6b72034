"""The widgets of the module, one file a section; their logic is in session.py."""
