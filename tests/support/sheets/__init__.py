"""A stand-in for the Google Sheets and Drive APIs, for tests (see docs/sheets-server.md).

`model` holds spreadsheets; `a1`, `fields`, `entering`, `formats` and `formulas` know the notations;
`values`, `batch` (with `tabs`, `cells`, `grid`, `ranges`, `metadata`) and `drive` are the methods;
`resources` shows a spreadsheet as JSON; `api` routes; `faults` and `admin` play trouble and people.
"""
