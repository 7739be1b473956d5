"""The Maildir transport on real folders: whole messages, in order, or a French sentence."""

from __future__ import annotations

import mailbox
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.transports import ANNE, MESSAGE, SENDER, send
from workflows.adapters.maildir import MaildirTransport, messages
from workflows.core.ports import Accepted, TransportError


def test_a_message_stands_in_new_with_its_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "donnees" / "envois"
    assert send(MaildirTransport(folder)) == Accepted()
    (file,) = (folder / "new").iterdir()
    assert file.read_bytes() == MESSAGE
    assert file.suffix == ".eml"
    assert list((folder / "tmp").iterdir()) == []


def test_nobody_else_may_look(tmp_path: Path) -> None:
    folder = tmp_path / "envois"
    send(MaildirTransport(folder))
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (file,) = (folder / "new").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_message_twice_is_two_files(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path / "envois")
    send(transport)
    send(transport)
    assert [content for _, content in messages(tmp_path / "envois")] == [MESSAGE, MESSAGE]


def test_messages_come_back_in_the_order_of_sending(tmp_path: Path) -> None:
    first, second = MaildirTransport(tmp_path), MaildirTransport(tmp_path)
    sent = [b"Subject: %d\r\n\r\n" % number for number in range(200)]
    for content in sent[:100]:
        first.send(SENDER, [ANNE], content)
    for content in sent[100:]:
        second.send(SENDER, [ANNE], content)
    names, contents = zip(*messages(tmp_path), strict=True)
    assert list(contents) == sent
    assert list(names) == sorted(names)


def test_several_processes_may_deliver_at_the_same_time(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from workflows.adapters.maildir import MaildirTransport as M\n"
        "t = M(Path(sys.argv[1]))\n"
        "for n in range(50): t.send('', [], f'{sys.argv[2]} {n}'.encode())"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, tmp_path, name]) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    expected = {f"{name} {number}".encode() for name in "ab" for number in range(50)}
    assert {content for _, content in messages(tmp_path)} == expected


def test_check_makes_the_folder_and_sends_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "envois"
    transport = MaildirTransport(folder)
    transport.check()
    transport.check()
    transport.close()
    assert sorted(path.name for path in folder.iterdir()) == ["cur", "new", "tmp"]
    assert list((folder / "tmp").iterdir()) == []
    assert list(messages(folder)) == []


def test_a_mail_program_reads_it_and_what_it_moved_is_still_there(tmp_path: Path) -> None:
    folder = tmp_path / "envois"
    send(MaildirTransport(folder))
    box = mailbox.Maildir(folder)
    ((key, message),) = box.items()
    assert message["Subject"] == "Bonjour"
    message.set_subdir("cur")
    message.set_flags("S")
    box[key] = message
    ((name, _),) = messages(folder)
    assert name.endswith(":2,S")


def test_a_folder_that_is_missing_or_holds_other_things_has_no_messages(tmp_path: Path) -> None:
    assert list(messages(tmp_path / "absent")) == []
    MaildirTransport(tmp_path).check()
    (tmp_path / "new" / ".caché").write_bytes(b"x")
    (tmp_path / "cur" / "dossier").mkdir()
    (tmp_path / "tmp" / "brouillon").write_bytes(b"x")
    assert list(messages(tmp_path)) == []


def test_a_message_taken_away_while_reading_is_passed_over(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path)
    for _ in range(3):
        send(transport)
    reading = messages(tmp_path)
    next(reading)
    for file in sorted((tmp_path / "new").iterdir())[1:2]:
        file.unlink()
    assert len(list(reading)) == 1


def test_a_file_that_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "envois").write_text("")
    with pytest.raises(TransportError, match="un fichier porte ce nom") as caught:
        MaildirTransport(tmp_path / "envois").check()
    assert f"«\u00a0{tmp_path / 'envois'}\u00a0»" in caught.value.what
    with pytest.raises(TransportError, match="un fichier porte ce nom"):
        send(MaildirTransport(tmp_path / "envois" / "dessous"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path)
    transport.check()
    (tmp_path / "new").chmod(0o500)
    with pytest.raises(TransportError, match="l'accès est refusé"):
        send(transport)
    assert list((tmp_path / "tmp").iterdir()) == []
    (tmp_path / "tmp").chmod(0o500)
    with pytest.raises(TransportError, match="l'accès est refusé"):
        transport.check()


def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path) -> None:
    """A file-size limit makes the kernel itself cut the write short, as a full disk would."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from workflows.adapters.maildir import MaildirTransport\n"
        "from workflows.core.ports import TransportError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "transport = MaildirTransport(Path(sys.argv[1]))\n"
        "try: transport.send('', [], b'x' * 5000)\n"
        "except TransportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    assert "n'a pas pu être déposé" in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
