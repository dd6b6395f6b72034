"""The panel: inputs, outputs, run, results, correct, advanced, log. Qt only; what is done is session.py's."""
