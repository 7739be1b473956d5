"""Tournée: the coordination's mail round. The map of this folder:

- `call_for_applications.py` and its siblings: who gets which mail and when, as pure decisions;
- `core/`: words, cells, messages, ports; the standard library only, no clock, no I/O;
- `engine/`: settings, rendering, journal, round, delivery, write-back, reports in French and as JSON;
- `adapters/`: one outside library each (Google Sheets, Excel files, SMTP, Maildir);
- `parts.py`: puts them together, the only importer of adapters;
- `office.py`: what the commands ask of a workspace;
- `demo/`: the season that `run.py demo` plays.

`run.py`, beside this folder, is the command line.
"""
