"""One outside library each: Google Sheets, Excel files, SMTP, Maildir, IMAP."""
