"""Tournée: the coordination's mail round. The map of this folder:

- `call_for_applications.py` and its siblings: who gets which mail and when, as pure decisions;
- `core/`: words, cells, messages, ports; the standard library only, no clock, no I/O;
- `engine/`: settings, rendering, journal, round, delivery, write-back;
- `adapters/`: one outside library each (Google Sheets, Excel files, SMTP, Maildir);
- `office.py`: puts them together, the only importer of adapters;
- `report.py`: what happened, in French sentences and as JSON.

`run.py`, beside this folder, is the command line.
"""
